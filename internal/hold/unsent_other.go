//go:build !linux

package hold

import "net"

// BoundUnsent does nothing: only Linux wakes a writer so late.
func BoundUnsent(net.Conn) {}
