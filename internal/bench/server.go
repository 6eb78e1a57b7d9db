package bench

import "time"

// usage is what a process has used so far: CPU time, and the memory that is its
// own or its share of (PSS), in bytes.
type usage struct {
	cpu    time.Duration
	memory int64
}

// ServerReport is what the server process used. Its publishers and origins are
// in it if they run in the same process.
type ServerReport struct {
	ConnectCPU      float64 `json:"connect_cpu_seconds"`
	CPUPerStream    float64 `json:"cpu_per_stream_us"`
	MemoryBefore    int64   `json:"memory_before_bytes"`
	MemoryOpen      int64   `json:"memory_open_bytes"` // straight after connecting
	MemoryPerStream float64 `json:"memory_per_stream_bytes"`
	DeliverCPU      float64 `json:"deliver_cpu_seconds"`
	CPUPerDelivery  float64 `json:"cpu_per_delivery_us"`
	MemoryAfter     int64   `json:"memory_after_bytes"` // 0 if nothing was published
}

// connectUse returns nil without a pid.
func connectUse(pid int, before, open usage, streams int) *ServerReport {
	if pid == 0 {
		return nil
	}
	cpu := open.cpu - before.cpu
	return &ServerReport{
		ConnectCPU:      cpu.Seconds(),
		CPUPerStream:    micro(cpu) / float64(streams),
		MemoryBefore:    before.memory,
		MemoryOpen:      open.memory,
		MemoryPerStream: float64(open.memory-before.memory) / float64(streams),
	}
}

// addDeliveries does nothing without a report.
func (s *ServerReport) addDeliveries(open, after usage, deliveries int64) {
	if s == nil {
		return
	}
	s.DeliverCPU = (after.cpu - open.cpu).Seconds()
	s.MemoryAfter = after.memory
	if deliveries > 0 {
		s.CPUPerDelivery = micro(after.cpu-open.cpu) / float64(deliveries)
	}
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
