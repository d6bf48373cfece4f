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
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rclone/gofakes3"
)

// disk is a gofakes3.Backend of one bucket. An object is one file: the length of its head, the head as JSON, the bytes.
// Its name is its key, escaped, so that no key can leave the folder. A file that a crash has left unfinished is shorter
// than its head says and counts as not there, so one sync of the file is all that a write needs.
type disk struct {
	dir       string
	bucket    string
	onCreated func(key string)
	locks     [64]sync.Mutex // of keys, by hash: a condition and its write are one step
}

// head of a file.
type head struct {
	Size     int64             `json:"size"`
	MD5      []byte            `json:"md5"`
	Metadata map[string]string `json:"metadata"`
	Modified time.Time         `json:"modified"`
}

func openDisk(dir, bucket string, onCreated func(string)) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create folder of objects: %w", err)
	}
	if onCreated == nil {
		onCreated = func(string) {}
	}
	return &disk{dir: dir, bucket: bucket, onCreated: onCreated}, nil
}

// maxKey bounds keys: escaped, they are names of files.
const maxKey = 240 // bytes

func (d *disk) path(key string) (path string, lock *sync.Mutex) {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(d.dir, hex.EncodeToString(sum[:1]), "k."+url.PathEscape(key)), &d.locks[sum[0]%64]
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

// open reads the head and leaves the file at the first byte of the content.
func (d *disk) open(key string) (*os.File, head, error) {
	path, _ := d.path(key)
	f, h, err := openWhole(path)
	if os.IsNotExist(err) {
		return nil, head{}, gofakes3.KeyNotFound(key)
	}
	return f, h, err
}

// openWhole opens a file that is as long as its head says; an unfinished one is os.ErrNotExist.
func openWhole(path string) (*os.File, head, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, head{}, err
	}
	h, start, err := readHead(f)
	info, statErr := f.Stat()
	if err != nil || statErr != nil || info.Size() != start+h.Size {
		_ = f.Close()
		return nil, head{}, os.ErrNotExist
	}
	return f, h, nil
}

// readHead gives the head and where the content starts.
func readHead(f io.Reader) (h head, start int64, err error) {
	var length uint32
	if err := binary.Read(f, binary.BigEndian, &length); err != nil || length > 1<<20 {
		return h, 0, fmt.Errorf("read length of an object's head: %w", err)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(f, text); err != nil {
		return h, 0, fmt.Errorf("read an object's head: %w", err)
	}
	return h, int64(length) + 4, json.Unmarshal(text, &h)
}

// GetObject implements gofakes3.Backend.
func (d *disk) GetObject(_ context.Context, bucket, key string, wanted *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	if err := d.known(bucket); err != nil {
		return nil, err
	}
	f, h, err := d.open(key)
	if err != nil {
		return nil, err
	}
	part, err := wanted.Range(h.Size)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	object := &gofakes3.Object{Name: key, Metadata: h.Metadata, Size: h.Size, Hash: h.MD5, Range: part, Contents: f}
	if part != nil {
		if _, err := f.Seek(part.Start, io.SeekCurrent); err != nil {
			_ = f.Close()
			return nil, err
		}
		object.Contents = limited{io.LimitReader(f, part.Length), f}
	}
	return object, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// HeadObject implements gofakes3.Backend.
func (d *disk) HeadObject(ctx context.Context, bucket, key string) (*gofakes3.Object, error) {
	object, err := d.GetObject(ctx, bucket, key, nil)
	if err != nil {
		return nil, err
	}
	_ = object.Contents.Close()
	object.Contents = io.NopCloser(strings.NewReader(""))
	return object, nil
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
	f, there, err := openWhole(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	exists := err == nil
	if exists {
		_ = f.Close()
	}
	if err := gofakes3.CheckWriteConditions(ctx, exists, hex.EncodeToString(there.MD5)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if exists { // what is there stays whole until the new one is
		if err := write(path+".new", h, content); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	}
	return write(path, h, content)
}

// write fills a file and returns when it is on the disk.
func write(path string, h head, content []byte) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text, content))
	return errors.Join(err, f.Sync(), f.Close())
}

// CopyObject implements gofakes3.Backend. A copy within the bucket is another name of the same file: objects are never
// changed in place, so neither name can tell.
func (d *disk) CopyObject(_ context.Context, fromBucket, from, toBucket, to string, _ map[string]string) (result gofakes3.CopyObjectResult, err error) {
	if err := errors.Join(d.known(fromBucket), d.known(toBucket)); err != nil {
		return result, err
	}
	f, h, err := d.open(from)
	if err != nil {
		return result, err
	}
	defer f.Close()
	path, lock := d.path(to)
	lock.Lock()
	defer lock.Unlock()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return result, err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return result, err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return result, err
	}
	return gofakes3.CopyObjectResult{ETag: `"` + hex.EncodeToString(h.MD5) + `"`, LastModified: gofakes3.NewContentTime(h.Modified)}, f.Sync()
}

// DeleteObject implements gofakes3.Backend.
func (d *disk) DeleteObject(_ context.Context, bucket, key string) (result gofakes3.ObjectDeleteResult, err error) {
	if err := d.known(bucket); err != nil {
		return result, err
	}
	path, lock := d.path(key)
	lock.Lock()
	defer lock.Unlock()
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return result, err
	}
	return result, nil
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
		if err != nil || entry.IsDir() || !ok || strings.HasSuffix(path, ".new") {
			return err
		}
		if f, h, err := openWhole(path); err == nil {
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

// CreateBucket implements gofakes3.Backend: there is one bucket, and it is there.
func (d *disk) CreateBucket(_ context.Context, name string) error {
	return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
}

// DeleteBucket implements gofakes3.Backend.
func (d *disk) DeleteBucket(_ context.Context, name string) error {
	return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
}
