package token

import (
	"github.com/go-jose/go-jose/v4"
)

// decrypt opens a token in five parts with one of the keys (RFC 7516 §5.2). The key
// is used as it is (dir): there is no other in the token.
func decrypt(text string, parts []string, keys [][]byte) ([]byte, error) {
	h, err := readHeader(parts[0])
	if err != nil {
		return nil, err
	}
	if h.Alg != string(jose.DIRECT) || h.Enc != string(jose.A256GCM) || parts[1] != "" {
		return nil, refused("is not encrypted with dir and A256GCM")
	}
	sealed, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, refused("is encrypted in a way that cannot be read")
	}
	for _, key := range keys {
		if content, err := sealed.Decrypt(key); err == nil && len(content) > 0 {
			return content, nil
		}
	}
	return nil, refused("is not encrypted with any of the encryption keys")
}

// encrypt is the opposite of decrypt. nested: content is a token itself
// (RFC 7519 §5.2).
func encrypt(content []byte, nested bool, key []byte) (string, error) {
	o := (&jose.EncrypterOptions{}).WithType("JWT")
	if nested {
		o = o.WithContentType("JWT")
	}
	e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key}, o)
	if err != nil {
		return "", err
	}
	sealed, err := e.Encrypt(content)
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}
