package keys

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// MinRSABits is how long an RSA key must be (RFC 7518 §3.3).
const MinRSABits = 2048

// Parse reads a key. Of a file the content counts, without the line break at its
// end. What is in PEM is a private or a public key, as crypto/x509 returns it;
// anything else is a secret, a []byte. The error never contains the key.
func Parse(text string) (any, error) {
	if encoded, ok := strings.CutPrefix(text, "base64:"); ok {
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, errors.New("key after base64: is not valid base64")
		}
		return parse(key)
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		return parse([]byte(strings.TrimRight(string(content), "\r\n")))
	}
	return parse([]byte(text))
}

// parse finds out what key bytes are.
func parse(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, errors.New("key is empty")
	}
	if !strings.HasPrefix(string(b), "-----BEGIN ") {
		return b, nil
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "EC PARAMETERS" { // OpenSSL writes it before the key
			continue
		}
		parsed, err := parseDER(block)
		if err != nil {
			return nil, fmt.Errorf("key in PEM: %w", err)
		}
		return parsed, nil
	}
	return nil, errors.New("key in PEM is not readable")
}

func parseDER(block *pem.Block) (any, error) {
	switch block.Type {
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	return nil, fmt.Errorf("%q is not a key", block.Type)
}
