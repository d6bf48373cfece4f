package local

import (
	"context"

	"ballerine/internal/store/embedded"
)

// keepSnapshots lets the data file be copied at the start, every hour, and when a backup requests it. A new file is
// copied, too: it is small.
func (s *Stack) keepSnapshots(work context.Context) {
	s.spawn(func() {
		s.db.KeepSnapshots(work, s.options.Now, func(found embedded.Unreadable) {
			s.metrics.Gauge("data_unreadable_values", float64(found.Number()))
			if found.Next != "" {
				s.options.Logger.Warn("there was no time to check all values of the data file: the next snapshot continues with the others", "values", found.Looked)
			}
		}, func(err error) {
			s.options.Logger.Error("the data file could not be copied", "error", err.Error())
		})
	})
}

// damagedObject reports an object that is not as it was written. Its key has ids only.
func (s *Stack) damagedObject(key, what string) {
	s.metrics.Count("object_damaged_total", "what", what)
	s.options.Logger.Error("a stored object is damaged: restore it from a backup", "key", key, "what", what)
}
