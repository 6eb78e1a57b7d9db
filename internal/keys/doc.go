// Package keys reads keys as they are written in a configuration: text as it is,
// base64:..., or file:PATH. It says what a key is, and leaves to others what it is
// good for.
package keys
