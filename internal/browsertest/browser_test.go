package browsertest

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestAPageRunsItsScript(t *testing.T) {
	ctx := New(t)
	Do(ctx, t, chromedp.Navigate("data:text/html,<title>x</title>"))
	if sum := Value(ctx, t, chromedp.Evaluate[int]("console.log('seen'), 1 + 2")); sum != 3 {
		t.Errorf("1 + 2 = %d in the browser", sum)
	}
}

func TestAScreenshotIsKeptWhereItIsAskedFor(t *testing.T) {
	ctx := New(t)
	dir := t.TempDir()
	t.Setenv("HOLDFAST_SCREENSHOTS", dir)
	Do(ctx, t, chromedp.Navigate("data:text/html,<p>hello"))
	Screenshot(ctx, t, "hello")
	info, err := os.Stat(dir + "/hello.png")
	if err != nil || info.Size() == 0 {
		t.Errorf("hello.png: %v, %v", info, err)
	}
}

func TestTheEnvironmentNamesTheBrowser(t *testing.T) {
	t.Setenv("CHROMIUM", "/opt/mine")
	if got := find(); got != "/opt/mine" {
		t.Errorf("find() = %q", got)
	}
}
