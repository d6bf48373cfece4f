package embedded

import (
	"path/filepath"
	"time"
)

// SnapshotAt makes a snapshot as KeepSnapshots does.
func SnapshotAt(db *DB, at time.Time) error {
	return db.snapshot(filepath.Dir(db.bolt.Path()), at, func(Unreadable) {})
}
