package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// asUsed accepts the arguments that the command's line of usage names: those in
// brackets may be left out. An error does not repeat what was given, which may be
// secret.
func asUsed(cmd *cobra.Command, args []string) error {
	names := strings.Fields(cmd.Use)[1:]
	if surplus := len(args) - len(names); surplus > 0 {
		return fmt.Errorf("too many arguments, by %d: put quotes around what has blanks in it", surplus)
	}
	for _, name := range names[len(args):] {
		if !strings.HasPrefix(name, "[") {
			return errors.New(name + " is missing")
		}
	}
	return nil
}
