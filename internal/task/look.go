package task

import (
	"context"
	"crypto/sha256"

	"golang.org/x/sync/semaphore"

	"ballerine/internal/cache"
	"ballerine/internal/docscan"
)

// maxSeen bounds how many pictures are remembered as examined.
const maxSeen = 4096

// looked is a file, by its digest, and whether its zone was looked for.
type looked struct {
	sum  [sha256.Size]byte
	zone bool
}

// looker examines pictures: concurrently as long as the sum of their pixels is within the limit of one, and identical
// bytes once. A document is checked again whenever its case is.
type looker struct {
	read docscan.Reader
	room *semaphore.Weighted
	seen *cache.Cache[looked, docscan.Look]
}

func newLooker(read docscan.Reader) *looker {
	return &looker{read: read, room: semaphore.NewWeighted(docscan.MaxPixels), seen: cache.New[looked, docscan.Look](maxSeen)}
}

// at returns what a file looks like, with its machine-readable zone if it may have one. Errors: that of the context, if it ends before there is capacity.
func (l *looker) at(ctx context.Context, file []byte, mayHaveZone bool) (docscan.Look, error) {
	pixels := docscan.Pixels(file)
	if pixels == 0 {
		return docscan.LookAt(file, nil), nil
	}
	key := looked{sha256.Sum256(file), mayHaveZone}
	if look, ok := l.seen.Get(key); ok {
		return look, nil
	}
	if err := l.room.Acquire(ctx, int64(pixels)); err != nil {
		return docscan.Look{}, err
	}
	defer l.room.Release(int64(pixels))
	var read docscan.Reader
	if mayHaveZone {
		read = l.read
	}
	look := docscan.LookAt(file, read)
	l.seen.Put(key, look)
	return look, nil
}
