package main

import (
	"io"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

// newLogger returns a logger that writes lines to w, and its level, which may be
// changed. It keeps nothing back, so it need not be synced.
func newLogger(c config.Log, w io.Writer) (*zap.Logger, zap.AtomicLevel) {
	fields := zap.NewProductionEncoderConfig()
	fields.TimeKey = "time"
	fields.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	fields.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(fields)
	if c.Format == config.LogConsole || c.Format == config.LogAuto && isTerminal(w) {
		fields.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		fields.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(fields)
	}
	from := zap.NewAtomicLevelAt(level(c.Level))
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(escaper{w})), from)), from
}

func level(l config.LogLevel) zapcore.Level {
	switch l {
	case config.LogDebug:
		return zapcore.DebugLevel
	case config.LogWarn:
		return zapcore.WarnLevel
	case config.LogError:
		return zapcore.ErrorLevel
	default:
		return zapcore.InfoLevel
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
