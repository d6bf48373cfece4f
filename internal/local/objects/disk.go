package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rclone/gofakes3"
)

// disk is a gofakes3.Backend of one bucket. An object is one file: the length of its head, the head as JSON, the bytes.
// Its name is a hash of the key, so that no key can leave the folder.
type disk struct {
	dir       string
	bucket    string
	onCreated func(key string)
	locks     [64]sync.Mutex // of keys, by hash: a condition and its write are one step
}

// head of a file.
type head struct {
	Key      string            `json:"key"`
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

func (d *disk) path(key string) (path string, lock *sync.Mutex) {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(d.dir, name[:2], name), &d.locks[sum[0]%64]
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
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, head{}, gofakes3.KeyNotFound(key)
	}
	if err != nil {
		return nil, head{}, err
	}
	h, err := readHead(f)
	if err != nil {
		_ = f.Close()
		return nil, head{}, err
	}
	return f, h, nil
}

func readHead(f io.Reader) (h head, err error) {
	var length uint32
	if err := binary.Read(f, binary.BigEndian, &length); err != nil || length > 1<<20 {
		return h, fmt.Errorf("read length of an object's head: %w", err)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(f, text); err != nil {
		return h, fmt.Errorf("read an object's head: %w", err)
	}
	return h, json.Unmarshal(text, &h)
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
	content, err := gofakes3.ReadAll(input, size) // fails when the announced checksum does not match
	if err != nil {
		return result, err
	}
	sum := md5.Sum(content)
	result.ETag = `"` + hex.EncodeToString(sum[:]) + `"`
	path, lock := d.path(key)
	lock.Lock()
	defer lock.Unlock()
	_, there, err := d.there(key)
	if err != nil {
		return result, err
	}
	if err := gofakes3.CheckWriteConditions(ctx, there.Key != "", hex.EncodeToString(there.MD5)); err != nil {
		return result, err
	}
	if err := write(path, head{Key: key, Size: size, MD5: sum[:], Metadata: metadata, Modified: time.Now().UTC()}, content); err != nil {
		return result, err
	}
	d.onCreated(key)
	return result, nil
}

// there gives the head of an object if it exists.
func (d *disk) there(key string) (exists bool, h head, err error) {
	f, h, err := d.open(key)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return false, head{}, nil
	}
	if err == nil {
		_ = f.Close()
	}
	return err == nil, h, err
}

// write makes a file appear whole: beside its place, on the disk, then renamed.
func write(path string, h head, content []byte) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	start := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	if _, err := f.Write(slices.Concat(start, text, content)); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// CopyObject implements gofakes3.Backend.
func (d *disk) CopyObject(ctx context.Context, fromBucket, from, toBucket, to string, metadata map[string]string) (result gofakes3.CopyObjectResult, err error) {
	object, err := d.GetObject(ctx, fromBucket, from, nil)
	if err != nil {
		return result, err
	}
	defer object.Contents.Close()
	var content bytes.Buffer
	if _, err := io.Copy(&content, object.Contents); err != nil {
		return result, err
	}
	put, err := d.PutObject(ctx, toBucket, to, metadata, &content, object.Size)
	return gofakes3.CopyObjectResult{ETag: put.ETag, LastModified: gofakes3.NewContentTime(time.Now())}, err
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
	var heads []head
	err := filepath.WalkDir(d.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".new-") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h, err := readHead(f)
		heads = append(heads, h)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(heads, func(a, b head) int { return strings.Compare(a.Key, b.Key) })
	list := gofakes3.NewObjectList()
	for _, h := range heads {
		var match gofakes3.PrefixMatch
		if prefix != nil && !prefix.Match(h.Key, &match) {
			continue
		}
		if page.HasMarker && h.Key <= page.Marker {
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
		list.Add(&gofakes3.Content{Key: h.Key, LastModified: gofakes3.NewContentTime(h.Modified), ETag: `"` + hex.EncodeToString(h.MD5) + `"`, Size: h.Size})
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
