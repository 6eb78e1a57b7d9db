package browsertest

import (
	"cmp"
	"context"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// limit ends a browser test that waits for what never comes.
const limit = 60 * time.Second

// names are what Chromium is called, best first.
var names = [...]string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// New starts a browser with an empty profile and one page, and returns the
// context for Do and Value. The browser ends with the test. What the page
// writes to its console, and exceptions nobody caught, are in the test's log. more are
// flags beside the usual.
func New(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := find()
	if path == "" {
		t.Skip("skipped: no Chromium found; install one or set CHROMIUM to its path")
	}
	opts := append(flags(t, path), more...)
	ctx, stop := context.WithTimeout(context.Background(), limit)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	var reader sync.WaitGroup
	t.Cleanup(func() {
		stop()
		reader.Wait()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	messages := chromedp.Console(ctx)
	reader.Go(func() { logConsole(t, messages) })
	return ctx
}

// logConsole brings the page's console to the test's log until the browser
// ends.
func logConsole(t testing.TB, messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range messages {
		if err != nil {
			return
		}
		t.Logf("browser: %s: %s %s", m.Type, m.Text, m.URL)
	}
}

// Do runs actions in the browser of ctx and fails t with the first error.
func Do(ctx context.Context, t testing.TB, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatalf("browser: %v", err)
	}
}

// Value runs an action that has a result and returns it.
func Value[T any](ctx context.Context, t testing.TB, action chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return v
}

// Screenshot takes a picture of the whole page as name.png, in the directory
// that HOLDFAST_SCREENSHOTS names, else in one that goes with the test.
func Screenshot(ctx context.Context, t testing.TB, name string) {
	t.Helper()
	png := Value(ctx, t, chromedp.FullScreenshot(100))
	dir := cmp.Or(os.Getenv("HOLDFAST_SCREENSHOTS"), t.TempDir())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("screenshot: %s", path)
}

// find returns the path of a Chromium, or "".
func find() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// flags keep the browser to itself: no window, no network of its own, no
// profile that outlives the test. Chromium refuses its sandbox to root.
func flags(t testing.TB, path string) []chromedp.ExecAllocatorOption {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.DisableGPU,
		chromedp.WindowSize(1200, 900),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
	)
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	return opts
}
