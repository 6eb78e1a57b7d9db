package bench

import "time"

// usage is what processes have used so far: CPU time, and the memory that is
// their own or their share of (PSS), in bytes.
type usage struct {
	cpu    time.Duration
	memory int64
}

func (u *usage) add(v usage) {
	u.cpu += v.cpu
	u.memory += v.memory
}

// ServerReport is what the server's processes used. Its publishers and origins
// are in it if they run in the same process.
type ServerReport struct {
	ConnectCPU       float64 `json:"connect_cpu_seconds"`
	CPUPerStream     float64 `json:"cpu_per_stream_us"`
	MemoryBefore     int64   `json:"memory_before_bytes"`
	MemoryOpen       int64   `json:"memory_open_bytes"` // straight after connecting
	MemoryPerStream  float64 `json:"memory_per_stream_bytes"`
	SettledPerStream float64 `json:"settled_per_stream_bytes,omitempty"` // when left alone
	DeliverCPU       float64 `json:"deliver_cpu_seconds"`
	CPUPerItem       float64 `json:"cpu_per_item_us"`
	CPUPerDelivery   float64 `json:"cpu_per_delivery_us"`
	MemoryAfter      int64   `json:"memory_after_bytes"` // 0 if nothing was published
}

// connectUse returns nil without processes.
func connectUse(pids []int, before, open usage, streams int) *ServerReport {
	if len(pids) == 0 {
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

// addSettled adds what the server holds for streams that were left alone. It
// does nothing without a report, as do the others.
func (s *ServerReport) addSettled(before, open usage, streams int) {
	if s != nil {
		s.SettledPerStream = float64(open.memory-before.memory) / float64(streams)
	}
}

func (s *ServerReport) addDeliveries(open, after usage, items int) {
	if s == nil {
		return
	}
	s.DeliverCPU = (after.cpu - open.cpu).Seconds()
	s.MemoryAfter = after.memory
	if items > 0 {
		s.CPUPerItem = micro(after.cpu-open.cpu) / float64(items)
	}
}

func (s *ServerReport) perDelivery(deliveries int64) {
	if s != nil && deliveries > 0 {
		s.CPUPerDelivery = s.DeliverCPU * 1e6 / float64(deliveries)
	}
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
