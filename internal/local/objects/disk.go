package objects

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rclone/gofakes3"

	"ballerine/internal/cache"
	"ballerine/internal/problem"
)

// disk is a gofakes3.Backend of one bucket. An object is one file: the length of its head, the head as JSON, the bytes.
// Its name is its key, escaped, so that no key can leave the folder. A file is written and synced under another name, and renamed
// then: under its own name it is complete, or damaged. A rename that a power failure has undone is done again at the next start, so
// one sync of the file is all that a write needs.
type disk struct {
	dir       string
	bucket    string
	onCreated func(key string)
	onDamaged func(key, what string)
	locks     [64]sync.Mutex              // of keys, by hash: a condition and its write are one step
	checked   *cache.Cache[string, stamp] // of contents that were found as they were written, by key
}

// head of a file.
type head struct {
	Size     int64             `json:"size"`
	MD5      []byte            `json:"md5"`
	Metadata map[string]string `json:"metadata"`
	Modified time.Time         `json:"modified"`
	Check    uint32            `json:"check,omitempty"` // of the head without it; 0: a former version's
}

func openDisk(config Config) (*disk, error) {
	d := &disk{dir: config.Dir, bucket: config.Bucket, onCreated: config.OnCreated, onDamaged: config.OnDamaged, checked: cache.New[string, stamp](10_000)}
	if d.onCreated == nil {
		d.onCreated = func(string) {}
	}
	if d.onDamaged == nil {
		d.onDamaged = func(string, string) {}
	}
	if err := writable(d.dir); err != nil {
		return nil, problem.Wrap(err, problem.Unavailable, "The object folder %s is not writable by this user, or is on a read-only file system.", d.dir)
	}
	if err := flatten(d.dir); err != nil {
		return nil, fmt.Errorf("move objects out of their folders: %w", err)
	}
	if err := finish(d.dir); err != nil {
		return nil, fmt.Errorf("finish objects: %w", err)
	}
	return d, nil
}

// flatten moves the objects of a former version out of the folders that it divided them into: a file in a folder of its own
// costs twice as much.
func flatten(dir string) error {
	folders, err := filepath.Glob(filepath.Join(dir, "[0-9a-f][0-9a-f]"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		files, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := os.Rename(filepath.Join(folder, file.Name()), filepath.Join(dir, file.Name())); err != nil {
				return err
			}
		}
		if err := os.Remove(folder); err != nil {
			return err
		}
	}
	return nil
}

// maxKey bounds keys: escaped, they are names of files.
const maxKey = 240 // bytes

func (d *disk) path(key string) (path string, lock *sync.Mutex) {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(d.dir, "k."+url.PathEscape(key)), &d.locks[sum[0]%64]
}

// keyOf reads the key back from a file's name.
func keyOf(path string) (string, bool) {
	name, ok := strings.CutPrefix(filepath.Base(path), "k.")
	key, err := url.PathUnescape(name)
	return key, ok && err == nil
}

func (d *disk) known(bucket string) error {
	if bucket != d.bucket {
		return gofakes3.BucketNotFound(bucket)
	}
	return nil
}

// GetObject implements gofakes3.Backend. The content is checked before its first byte is served.
func (d *disk) GetObject(ctx context.Context, bucket, key string, wanted *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	if err := d.known(bucket); err != nil {
		return nil, err
	}
	c, h, err := open(ctx, d, key, openChecked)
	if err != nil {
		return nil, err
	}
	part, err := wanted.Range(h.Size)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	object := &gofakes3.Object{Name: key, Metadata: h.Metadata, Size: h.Size, Hash: h.MD5, Range: part, Contents: c}
	if part != nil {
		if _, err := c.Seek(part.Start, io.SeekCurrent); err != nil {
			_ = c.Close()
			return nil, err
		}
		object.Contents = limited{io.LimitReader(c, part.Length), c}
	}
	return object, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// HeadObject implements gofakes3.Backend. It reads the content only when another program may have changed it.
func (d *disk) HeadObject(ctx context.Context, bucket, key string) (*gofakes3.Object, error) {
	if err := d.known(bucket); err != nil {
		return nil, err
	}
	f, h, err := open(ctx, d, key, func(path string) (*os.File, head, error) {
		f, h, err := openFile(path)
		if err == nil {
			if err = d.checkNew(key, f, h); err != nil {
				_ = f.Close() // it was only read
			}
		}
		return f, h, err
	})
	if err != nil {
		return nil, err
	}
	_ = f.Close() // it was only read
	return &gofakes3.Object{Name: key, Metadata: h.Metadata, Size: h.Size, Hash: h.MD5, Contents: io.NopCloser(strings.NewReader(""))}, nil
}

// PutObject implements gofakes3.Backend: the object is whole and on the disk, or not there.
func (d *disk) PutObject(ctx context.Context, bucket, key string, metadata map[string]string, input io.Reader, size int64) (result gofakes3.PutObjectResult, err error) {
	if err := d.known(bucket); err != nil {
		return result, err
	}
	if len(url.PathEscape(key)) > maxKey {
		return result, gofakes3.ResourceError(gofakes3.ErrKeyTooLong, key)
	}
	content, err := gofakes3.ReadAll(input, size) // fails when the announced checksum does not match
	if err != nil {
		return result, err
	}
	sum := md5.Sum(content)
	result.ETag = `"` + hex.EncodeToString(sum[:]) + `"`
	if err := d.put(ctx, key, head{Size: size, MD5: sum[:], Metadata: metadata, Modified: time.Now().UTC()}, content); err != nil {
		return result, err
	}
	d.onCreated(key)
	return result, nil
}

// put writes under the key's lock, if the request's conditions hold.
func (d *disk) put(ctx context.Context, key string, h head, content []byte) error {
	path, lock := d.path(key)
	lock.Lock()
	defer lock.Unlock()
	f, there, err := openFile(path)
	var damage damageError
	if err != nil && !os.IsNotExist(err) && !errors.As(err, &damage) {
		return err
	}
	exists := !os.IsNotExist(err) // a damaged one exists: no condition lets it be replaced by chance
	if err == nil {
		_ = f.Close()
	}
	if err := gofakes3.CheckWriteConditions(ctx, exists, hex.EncodeToString(there.MD5)); err != nil {
		return err
	}
	unfinished := unfinishedOf(path)
	written, err := write(unfinished, h, content)
	if err != nil {
		return errors.Join(err, gone(unfinished))
	}
	if err := os.Rename(unfinished, path); err != nil {
		return err
	}
	d.checked.Put(key, written)
	return nil
}

// write fills a file and returns when it is on the disk.
func write(path string, h head, content []byte) (stamp, error) {
	text, err := json.Marshal(h)
	if err == nil {
		err = json.Unmarshal(text, &h) // as it is read: not all text is JSON's
	}
	if err == nil {
		h.Check, err = h.sum()
	}
	if err == nil {
		text, err = json.Marshal(h)
	}
	if err != nil {
		return stamp{}, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return stamp{}, err
	}
	_, err = f.Write(slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text, content))
	err = errors.Join(err, f.Sync())
	info, statErr := f.Stat()
	if err := errors.Join(err, statErr, f.Close()); err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

// CopyObject implements gofakes3.Backend. A copy within the bucket is another name of the same file: objects are never
// changed in place, so that makes no difference.
func (d *disk) CopyObject(ctx context.Context, fromBucket, from, toBucket, to string, _ map[string]string) (result gofakes3.CopyObjectResult, err error) {
	if err := errors.Join(d.known(fromBucket), d.known(toBucket)); err != nil {
		return result, err
	}
	f, h, err := open(ctx, d, from, openFile)
	if err != nil {
		return result, err
	}
	defer f.Close()
	path, lock := d.path(to)
	lock.Lock()
	defer lock.Unlock()
	if err := link(f.Name(), path); err != nil {
		return result, err
	}
	if known, ok := d.checked.Get(from); ok { // the file is the same
		d.checked.Put(to, known)
	}
	return gofakes3.CopyObjectResult{ETag: `"` + hex.EncodeToString(h.MD5) + `"`, LastModified: gofakes3.NewContentTime(h.Modified)}, f.Sync()
}

// link makes a further name of a file, in place of what had it.
func link(from, to string) error {
	err := os.Link(from, to)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := gone(to); err != nil {
		return err
	}
	return os.Link(from, to)
}

// DeleteObject implements gofakes3.Backend.
func (d *disk) DeleteObject(_ context.Context, bucket, key string) (result gofakes3.ObjectDeleteResult, err error) {
	if err := d.known(bucket); err != nil {
		return result, err
	}
	path, lock := d.path(key)
	lock.Lock()
	defer lock.Unlock()
	return result, errors.Join(gone(path), gone(unfinishedOf(path)))
}

// DeleteMulti implements gofakes3.Backend.
func (d *disk) DeleteMulti(ctx context.Context, bucket string, keys ...string) (result gofakes3.MultiDeleteResult, err error) {
	for _, key := range keys {
		if _, err := d.DeleteObject(ctx, bucket, key); err != nil {
			result.Error = append(result.Error, gofakes3.ErrorResultFromError(err))
			continue
		}
		result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: key})
	}
	return result, nil
}

// ListBuckets implements gofakes3.Backend.
func (d *disk) ListBuckets(context.Context) ([]gofakes3.BucketInfo, error) {
	return []gofakes3.BucketInfo{{Name: d.bucket}}, nil
}

// ListBucket implements gofakes3.Backend. It reads every head: for looking around, not for serving.
func (d *disk) ListBucket(_ context.Context, bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if err := d.known(bucket); err != nil {
		return nil, err
	}
	heads := map[string]head{}
	err := filepath.WalkDir(d.dir, func(path string, entry os.DirEntry, err error) error {
		key, ok := keyOf(path)
		if err != nil || entry.IsDir() || !ok {
			return err
		}
		if f, h, err := openFile(path); err == nil {
			heads[key] = h
			return f.Close()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list := gofakes3.NewObjectList()
	for _, key := range slices.Sorted(maps.Keys(heads)) {
		h := heads[key]
		var match gofakes3.PrefixMatch
		if prefix != nil && !prefix.Match(key, &match) {
			continue
		}
		if page.HasMarker && key <= page.Marker {
			continue
		}
		if page.MaxKeys > 0 && int64(len(list.Contents)) >= page.MaxKeys {
			list.IsTruncated, list.NextMarker = true, list.Contents[len(list.Contents)-1].Key
			break
		}
		if match.CommonPrefix {
			list.AddPrefix(match.MatchedPart)
			continue
		}
		list.Add(&gofakes3.Content{Key: key, LastModified: gofakes3.NewContentTime(h.Modified), ETag: `"` + hex.EncodeToString(h.MD5) + `"`, Size: h.Size})
	}
	return list, nil
}

// BucketExists implements gofakes3.Backend.
func (d *disk) BucketExists(_ context.Context, name string) (bool, error) {
	return name == d.bucket, nil
}

// CreateBucket implements gofakes3.Backend: there is one bucket, and it exists.
func (d *disk) CreateBucket(_ context.Context, name string) error {
	return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
}

// DeleteBucket implements gofakes3.Backend.
func (d *disk) DeleteBucket(_ context.Context, name string) error {
	return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
}
