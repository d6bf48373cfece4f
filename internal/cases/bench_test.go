package cases_test

import (
	"sync/atomic"
	"testing"

	"ballerine/internal/cases"
)

// BenchmarkSend is one durable event: one caller waits for each write, many callers share them.
func BenchmarkSend(b *testing.B) {
	b.Run("one caller", func(b *testing.B) {
		d := newDesk(b)
		id := d.start().ID
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Send(b.Context(), client, id, cases.SendCommand{Type: "PAINT"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("64 callers", func(b *testing.B) {
		d := newDesk(b)
		ids := make([]string, 128)
		for i := range ids {
			ids[i] = d.start().ID
		}
		var next atomic.Int64
		b.ReportAllocs()
		b.SetParallelism(32)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			id := ids[next.Add(1)%int64(len(ids))]
			for pb.Next() {
				if _, err := d.Send(b.Context(), client, id, cases.SendCommand{Type: "PAINT"}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
