package config

// enum is a setting with a fixed set of values.
type enum interface {
	// allowed lists the values, the one to recommend first.
	allowed() []string
}

// Resume says what a route gives to returning clients.
type Resume string

// The values of routes[].resume.
const (
	ResumeOff       Resume = "off"
	ResumeIDs       Resume = "ids"
	ResumePositions Resume = "positions"
)

func (Resume) allowed() []string { return values(ResumeIDs, ResumePositions, ResumeOff) }

// Protocol says which requests a route takes.
type Protocol string

// The values of routes[].protocol.
const (
	ProtocolAny       Protocol = ""
	ProtocolHTTP      Protocol = "http"
	ProtocolWebSocket Protocol = "websocket"
)

func (Protocol) allowed() []string { return values(ProtocolAny, ProtocolHTTP, ProtocolWebSocket) }

// RouteTLS says which requests a route takes.
type RouteTLS string

// The values of routes[].tls.
const (
	TLSAny   RouteTLS = ""
	TLSOnly  RouteTLS = "only"
	TLSNever RouteTLS = "never"
)

func (RouteTLS) allowed() []string { return values(TLSAny, TLSOnly, TLSNever) }

// Balance says which origin of a route is asked first.
type Balance string

// The values of routes[].balance.
const (
	BalanceFirst         Balance = "first"
	BalanceRoundRobin    Balance = "round_robin"
	BalanceLeastRequests Balance = "least_requests"
)

func (Balance) allowed() []string {
	return values(BalanceFirst, BalanceRoundRobin, BalanceLeastRequests)
}

// LagAction says what a route does with clients that are too slow.
type LagAction string

// The values of routes[].on_lag.
const (
	LagByKind LagAction = "" // gap for event streams, close for others
	LagGap    LagAction = "gap"
	LagClose  LagAction = "close"
)

func (LagAction) allowed() []string { return values(LagGap, LagClose, LagByKind) }

// Unavailable says how a route tells an EventSource of a failure that passes.
type Unavailable string

// The values of routes[].on_unavailable.
const (
	UnavailableRetry  Unavailable = "retry"
	UnavailableStatus Unavailable = "status"
)

func (Unavailable) allowed() []string { return values(UnavailableRetry, UnavailableStatus) }

// KeepAliveFormat says what a keep-alive looks like.
type KeepAliveFormat string

// The values of routes[].keep_alive.format.
const (
	KeepAliveComment KeepAliveFormat = "comment"
	KeepAliveEvent   KeepAliveFormat = "event"
	KeepAliveData    KeepAliveFormat = "data"
)

func (KeepAliveFormat) allowed() []string {
	return values(KeepAliveComment, KeepAliveEvent, KeepAliveData)
}

// KeepAliveMode says when a keep-alive is due.
type KeepAliveMode string

// The values of routes[].keep_alive.mode.
const (
	KeepAliveIdle     KeepAliveMode = "idle"
	KeepAliveInterval KeepAliveMode = "interval"
)

func (KeepAliveMode) allowed() []string { return values(KeepAliveIdle, KeepAliveInterval) }

// HoldEngine says what keeps held streams.
type HoldEngine string

// The values of hold.engine.
const (
	HoldAuto       HoldEngine = "auto"
	HoldGoroutines HoldEngine = "goroutines"
)

func (HoldEngine) allowed() []string { return values(HoldAuto, HoldGoroutines) }

// LogLevel is the least important level that is logged.
type LogLevel string

// The values of log.level.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

func (LogLevel) allowed() []string { return values(LogDebug, LogInfo, LogWarn, LogError) }

// LogFormat says what log lines look like.
type LogFormat string

// The values of log.format.
const (
	LogAuto    LogFormat = "auto" // console on a terminal, otherwise json
	LogConsole LogFormat = "console"
	LogJSON    LogFormat = "json"
)

func (LogFormat) allowed() []string { return values(LogAuto, LogConsole, LogJSON) }

func values[T ~string](of ...T) []string {
	all := make([]string, len(of))
	for i, value := range of {
		all[i] = string(value)
	}
	return all
}
