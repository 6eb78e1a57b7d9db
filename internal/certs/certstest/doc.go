// Package certstest makes certificates for tests.
package certstest
