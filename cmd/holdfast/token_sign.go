package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/token"
)

// tokenOrder is what `holdfast token sign` was asked for.
type tokenOrder struct {
	key, algorithm, encrypt string
	subject, id             string
	issuer, audience        string
	channels, meta          []string
	expires                 time.Duration
}

func tokenSignCommand() *cobra.Command {
	var t tokenOrder
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Make a token",
		Long: `Make a token by which a route with tokens holds a stream, and print it. It is
signed with --key, encrypted with --encrypt, or first signed and then encrypted.

A KEY is text, base64:... or file:PATH. Other users of the machine can see flags,
so write keys that matter to files. A secret signs with HS256 and has at least 32
bytes, a private key in PEM signs with RS256, ES256, ES384, ES512 or EdDSA, as
it can. A key to encrypt with has 32 bytes.

In production it is the API that makes tokens, with a JWT library.`,
		Example: `  holdfast token sign --key file:secret --sub alice --channel user-alice
  holdfast token sign --key file:private.pem --channel news --channel sports --expires 5m
  holdfast token sign --key file:private.pem --encrypt file:shared --sub alice --channel news
  curl -N "http://127.0.0.1:7999/events?token=$(holdfast token sign --key file:secret --channel news)"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := t.make(time.Now())
			if err == nil && len(t.channels) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning: the token has no channel, so it is good only where the route has subscribe; name one with --channel")
			}
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), made)
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.key, "key", "", "sign with this `KEY`")
	flags.StringVar(&t.algorithm, "algorithm", "", "the `NAME` of another algorithm for a secret or an RSA key, as in HS512 or PS256")
	flags.StringVar(&t.encrypt, "encrypt", "", "encrypt with this `KEY`")
	flags.StringVar(&t.subject, "sub", "", "who the client is: a `USER`")
	flags.StringVar(&t.id, "id", "", "the token's `ID` (default random)")
	flags.StringArrayVar(&t.channels, "channel", nil, "the `NAME` of a channel (repeatable)")
	flags.StringArrayVar(&t.meta, "meta", nil, "`NAME=VALUE` about the client, for filters (repeatable)")
	flags.DurationVar(&t.expires, "expires", time.Hour, "for how long the token is good: a `DURATION`")
	flags.StringVar(&t.issuer, "issuer", "", "the `ISSUER` (iss)")
	flags.StringVar(&t.audience, "audience", "", "the `AUDIENCE` (aud)")
	return cmd
}

// make returns the token.
func (t *tokenOrder) make(now time.Time) (string, error) {
	claims, err := t.claims(now)
	if err != nil {
		return "", err
	}
	if t.key == "" && t.encrypt == "" {
		return "", errors.New("name a key with --key, --encrypt or both")
	}
	var encryption []byte
	if t.encrypt != "" {
		if encryption, err = token.ParseEncryptionKey(t.encrypt); err != nil {
			return "", fmt.Errorf("--encrypt: %w", err)
		}
	}
	if t.key == "" {
		return token.Issue(claims, nil, encryption)
	}
	key, err := parseTokenKey(t.key, t.algorithm)
	if err != nil {
		return "", err
	}
	made, err := token.Issue(claims, &key, encryption)
	if err != nil {
		return "", fmt.Errorf("--key: %w", err)
	}
	return made, nil
}

// parseTokenKey reads a key for an algorithm, which may be left to the key.
func parseTokenKey(text, algorithm string) (token.Key, error) {
	var names []string
	if algorithm != "" {
		names = []string{algorithm}
	}
	algorithms, err := token.ParseAlgorithms(names)
	if err != nil {
		return token.Key{}, fmt.Errorf("--algorithm: %w", err)
	}
	key, err := algorithms.ParseKey(text)
	switch {
	case err != nil:
		return token.Key{}, fmt.Errorf("--key: %w", err)
	case algorithm != "" && key.Algorithm() != algorithm:
		return token.Key{}, fmt.Errorf("--algorithm: the key is for %s", key.Algorithm())
	}
	return key, nil
}

// claims are what the token says.
func (t *tokenOrder) claims(now time.Time) (map[string]any, error) {
	hold := map[string]any{"channels": append([]string{}, t.channels...)}
	for _, name := range t.channels {
		if err := channels.CheckName(name); err != nil {
			return nil, fmt.Errorf("--channel: %w", err)
		}
	}
	meta := map[string]string{}
	for _, pair := range t.meta {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("--meta: %q is not NAME=VALUE", pair)
		}
		meta[name] = value
		hold["meta"] = meta
	}
	id := t.id
	if id == "" {
		id = rand.Text()
	}
	claims := map[string]any{"jti": id, "exp": now.Add(t.expires).Unix(), "grip": hold}
	for name, value := range map[string]string{"sub": t.subject, "iss": t.issuer, "aud": t.audience} {
		if value != "" {
			claims[name] = value
		}
	}
	return claims, nil
}
