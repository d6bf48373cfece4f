// Package boltfile reports whether the pages of a bbolt file are whole. bbolt goes through them in a goroutine of its own when it
// opens a file for writing: a panic there ends the process, and what it finds wrong leaves the goroutine behind, at work in a
// transaction that is over. So a file is looked through here first, with every length and offset checked before it is used.
//
// The format is that of https://github.com/etcd-io/bbolt (internal/common): a page begins with its number (8 bytes), what it
// is (2), how many elements it has (2) and how many pages follow that belong to it (4), in the byte order of the machine.
package boltfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

const (
	headerSize  = 16 // of a page, and of each element of one
	bucketSize  = 16 // the number of a bucket's first page, and its sequence
	metaSize    = 64
	magic       = 0xED0CDAED
	maxPageSize = 64 << 10
	maxDepth    = 64 // of pages: a file of 2^64 bytes has fewer levels
)

// What a page is, and what an element of a leaf is.
const (
	branchPage    = 0x01
	leafPage      = 0x02
	bucketElement = 0x01
)

var order = binary.NativeEndian

// Check goes over every page of a file that a key is on. Errors: what is wrong, and with which page; or that of the reader.
func Check(file io.ReaderAt, size int64, pageSize int) error {
	if pageSize < 512 || pageSize > maxPageSize {
		return fmt.Errorf("pages of %d bytes", pageSize)
	}
	newest, err := newestMeta(file, pageSize)
	if err != nil {
		return err
	}
	if newest.pages < 2 || newest.pages > uint64(size)/uint64(pageSize) {
		return fmt.Errorf("the file is cut short: it should have %d pages", newest.pages)
	}
	c := check{file: file, pageSize: pageSize, pages: newest.pages, seen: make([]byte, newest.pages/8+1)}
	return c.page(newest.root, nil, nil, 0)
}

// meta is what is used of one of the two first pages, which take turns.
type meta struct {
	root, pages, number uint64
}

func newestMeta(file io.ReaderAt, pageSize int) (newest meta, err error) {
	found := false
	for at := range 2 {
		text := make([]byte, metaSize)
		if _, err := file.ReadAt(text, int64(at*pageSize+headerSize)); err != nil {
			return meta{}, readError(err)
		}
		sum := fnv.New64a()
		sum.Write(text[:metaSize-8])
		if order.Uint32(text) != magic || order.Uint64(text[metaSize-8:]) != sum.Sum64() {
			continue
		}
		one := meta{root: order.Uint64(text[16:]), pages: order.Uint64(text[40:]), number: order.Uint64(text[48:])}
		if !found || one.number > newest.number {
			newest, found = one, true
		}
	}
	if !found {
		return meta{}, errors.New("neither of the first two pages is intact")
	}
	return newest, nil
}

func readError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file is cut short")
	}
	return err
}

type check struct {
	file     io.ReaderAt
	pageSize int
	pages    uint64
	seen     []byte // a bit for each page
}

// take notes that a page and those that belong to it are used, each once.
func (c *check) take(first, following uint64) error {
	if first < 2 || first >= c.pages || following >= c.pages-first {
		return fmt.Errorf("page %d and %d behind it are outside the file, which has %d", first, following, c.pages)
	}
	for id := first; id <= first+following; id++ {
		if c.seen[id/8]&(1<<(id%8)) != 0 {
			return fmt.Errorf("page %d is used twice", id)
		}
		c.seen[id/8] |= 1 << (id % 8)
	}
	return nil
}

// page checks a page and all below it. Its keys are least or more, and less than end; nil: no bound.
func (c *check) page(id uint64, least, end []byte, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d is below too many others", id)
	}
	if id >= c.pages {
		return fmt.Errorf("page %d is outside the file, which has %d", id, c.pages)
	}
	var header [headerSize]byte
	if _, err := c.file.ReadAt(header[:], int64(id)*int64(c.pageSize)); err != nil {
		return readError(err)
	}
	if found := order.Uint64(header[:]); found != id {
		return fmt.Errorf("page %d claims to be page %d", id, found)
	}
	following := uint64(order.Uint32(header[12:]))
	if err := c.take(id, following); err != nil {
		return err
	}
	text := make([]byte, (following+1)*uint64(c.pageSize))
	if _, err := c.file.ReadAt(text, int64(id)*int64(c.pageSize)); err != nil {
		return readError(err)
	}
	if err := c.elements(text, least, end, depth); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// elements checks the elements of a page.
func (c *check) elements(page, least, end []byte, depth int) error {
	if len(page) < headerSize {
		return errors.New("it is cut short")
	}
	count := int(order.Uint16(page[10:]))
	if headerSize*(count+1) > len(page) {
		return fmt.Errorf("it has no room for %d elements", count)
	}
	switch flags := order.Uint16(page[8:]); {
	case flags == branchPage && count > 0:
		return c.branch(page, count, least, end, depth)
	case flags == leafPage:
		return c.leaf(page, count, least, end, depth)
	default:
		return fmt.Errorf("it is of the kind %#x and has %d elements", flags, count)
	}
}

// branch checks a page of pages: position and length of the least key (4 bytes each), number of the page (8).
func (c *check) branch(page []byte, count int, least, end []byte, depth int) error {
	keys, children := make([][]byte, count+1), make([]uint64, count)
	for i := range count {
		at := headerSize * (i + 1)
		key, ok := part(page, at, order.Uint32(page[at:]), order.Uint32(page[at+4:]))
		if !ok || !between(key, least, end) || i > 0 && bytes.Compare(keys[i-1], key) >= 0 {
			return fmt.Errorf("the key %d is damaged or out of order", i)
		}
		keys[i], children[i] = key, order.Uint64(page[at+8:])
	}
	keys[count] = end
	for i, child := range children {
		if err := c.page(child, keys[i], keys[i+1], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks a page of keys: kind, position, length of the key and of the value (4 bytes each).
func (c *check) leaf(page []byte, count int, least, end []byte, depth int) error {
	var last []byte
	for i := range count {
		at := headerSize * (i + 1)
		flags, position, length := order.Uint32(page[at:]), order.Uint32(page[at+4:]), order.Uint32(page[at+8:])
		key, ok := part(page, at, position, length)
		value, whole := part(page, at+len(key), position, order.Uint32(page[at+12:]))
		if !ok || !whole || flags > bucketElement || !between(key, least, end) || i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("the element %d is damaged or out of order", i)
		}
		last = key
		if flags != bucketElement {
			continue
		}
		if err := c.bucket(value, depth); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks a bucket: it begins at a page, or is small and stored in the value itself.
func (c *check) bucket(value []byte, depth int) error {
	if len(value) < bucketSize {
		return errors.New("a bucket is cut short")
	}
	if root := order.Uint64(value); root != 0 {
		return c.page(root, nil, nil, depth+1)
	}
	inline := value[bucketSize:]
	if len(inline) < headerSize || order.Uint16(inline[8:]) != leafPage || depth > maxDepth {
		return errors.New("a small bucket is damaged")
	}
	return c.elements(inline, nil, nil, depth+1)
}

// part is the data at a position of an element, if that is within the page.
func part(page []byte, at int, position, length uint32) ([]byte, bool) {
	from := uint64(at) + uint64(position)
	if to := from + uint64(length); to <= uint64(len(page)) {
		return page[from:to:to], true
	}
	return nil, false
}

func between(key, least, end []byte) bool {
	return bytes.Compare(key, least) >= 0 && (end == nil || bytes.Compare(key, end) < 0)
}
