package config

import (
	"reflect"
	"slices"
	"strings"
)

// File is a file that a setting names.
type File struct {
	// Key is the setting as Changes gives it: a list is one.
	Key  string
	Path string
}

// Files returns the files that c names, each once for every setting that does: secrets
// in files, certificates and their keys. The file of c itself is not among them.
func (c Config) Files() []File {
	var files []File
	visit(reflect.ValueOf(c), "", func(key string, v reflect.Value) {
		if v.Kind() != reflect.String {
			return
		}
		path, isFile := strings.CutPrefix(v.String(), filePrefix)
		if path != "" && (isFile || namesFile(key)) {
			list, _, _ := strings.Cut(key, "[")
			files = append(files, File{list, path})
		}
	})
	return files
}

// namesFile reports whether the value of a key is the path of a file. A test holds that
// against the comments.
func namesFile(key string) bool {
	last := key[strings.LastIndexByte(key, '.')+1:]
	return slices.Contains([]string{"cert", "key", "ca", "client_ca", "credentials", "nkey"}, last)
}
