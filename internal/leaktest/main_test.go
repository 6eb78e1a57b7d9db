package leaktest

import (
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestCheckPassesWhenEverythingIsClosed(t *testing.T) {
	before := openFiles()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := check(before); err != nil {
		t.Error(err)
	}
}

func TestCheckNamesALeakedDescriptor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors can be listed on Linux only")
	}
	before := openFiles()
	file, err := os.Open("main_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := check(before); err == nil || !strings.Contains(err.Error(), "main_test.go") {
		t.Errorf("got %v, want an error that names main_test.go", err)
	}
}

func TestCheckNamesALeakedGoroutine(t *testing.T) {
	before := openFiles()
	end := make(chan struct{})
	go func() { <-end }()
	defer close(end)
	if err := check(before); err == nil || !strings.Contains(err.Error(), "TestCheckNamesALeakedGoroutine") {
		t.Errorf("got %v, want an error that names the goroutine's origin", err)
	}
}
