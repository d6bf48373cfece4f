package local

import (
	"context"
	"log/slog"
	"time"
)

func (s *Stack) spawn(run func()) {
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		run()
	}()
}

// every runs a job at intervals until ctx ends.
func every(ctx context.Context, interval time.Duration, logger *slog.Logger, name string, run func() error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := run(); err != nil && ctx.Err() == nil {
				logger.Warn("a scheduled job failed", "job", name, "error", err.Error())
			}
		}
	}
}
