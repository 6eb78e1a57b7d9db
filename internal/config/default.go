package config

import "time"

// Default returns the settings that hold when nothing is set. It lacks an
// origin, so it is not valid by itself.
func Default() Config {
	return Config{
		Listen:               []string{":7999"},
		Limits:               Limits{Queue: 1000, QueueWait: 5 * time.Second},
		MaxChannelsPerStream: 100,
		TLS:                  TLS{MinVersion: TLS12},
		Server: Server{
			HeaderTimeout:  10 * time.Second,
			IdleTimeout:    75 * time.Second,
			MaxHeaderBytes: 32 * KiB,
			BodyTimeout:    time.Minute,
		},
		Control: Control{
			Listen:  []string{"127.0.0.1:5561"},
			MaxBody: 4 * MiB,
		},
		NATS: NATS{Prefix: "holdfast", Relay: true, Embedded: defaultEmbedded()},
		GRIP: GRIP{SigIss: "pushpin"},
		Resume: ResumeNames{
			QueryParameters: []string{"lastEventId", "last_event_id"},
			PositionEvent:   "position",
		},
		Gap:      Gap{Event: "gap"},
		Channels: defaultChannels(),
		Recovery: Recovery{Concurrent: 16, PerSecond: 100},
		Hold:     Hold{Engine: HoldAuto, Sockets: Sockets{SendBuffer: 64 * KiB, NotSent: 16 * KiB, NoDelay: true}},
		Reload:   Reload{Watch: 2 * time.Second},
		Drain:    Drain{Window: 5 * time.Second},
		Log:      Log{Level: LogInfo, Format: LogAuto},
	}
}

func defaultEmbedded() Embedded {
	return Embedded{MaxStore: 10 * GiB, MaxMemory: 64 * MiB, MaxPayload: 8 * MiB, SyncInterval: 10 * time.Second}
}

func defaultChannels() Channels {
	return Channels{
		Replay:      Replay{Messages: 1000, Bytes: 1 * MiB, Age: 10 * time.Minute},
		SendWindow:  SendWindow{Messages: 1000, Bytes: 1 * MiB},
		MemoryLimit: 256 * MiB,
		Idle:        100_000,
		Dedup:       Dedup{Window: time.Minute, IDs: 100_000},
		Park:        Park{Wait: 5 * time.Second, Items: 100},
	}
}

// DefaultRoute returns what holds for a route that sets nothing. It lacks
// origins.
func DefaultRoute() Route {
	return Route{
		PathPrefix:            "/",
		Balance:               BalanceFirst,
		OriginProtocol:        OriginHTTP1,
		Resume:                ResumeIDs,
		OnUnavailable:         UnavailableRetry,
		KeepAlive:             KeepAlive{Interval: 20 * time.Second, Format: KeepAliveComment, Mode: KeepAliveIdle},
		WebSocket:             WebSocket{MaxMessage: MiB},
		Reauthorize:           Reauthorize{Event: "challenge", Before: time.Minute, Patience: 20 * time.Second},
		CORS:                  defaultCORS(),
		Tokens:                defaultTokens(),
		ConnectTimeout:        5 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		WriteTimeout:          20 * time.Second,
	}
}
