package redo

import (
	"crypto/subtle"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
)

// The first page of a file has two places of 512 bytes for its head, which are written in turn, so that one is whole whenever
// the power fails:
//
//	0   4  "rlog"
//	4   4  CRC-32C of what follows
//	8   8  the generation of the log: each start of a process begins a new one, and the data file states which must exist
//	16  8  the data file that the log belongs to
//	24  8  size: how many bytes the file has at least
//	32  1  which of the two files it is
const (
	headMagic = "rlog"
	headSize  = 33
	start     = 4096 // of the records
)

type head struct {
	generation, id, size uint64
	index                int
}

// head writes the head of a file.
func (l *Log) head(index int, size int64) error {
	text := make([]byte, 8, headSize)
	copy(text, headMagic)
	for _, number := range []uint64{l.generation, l.id, uint64(size)} {
		text = binary.BigEndian.AppendUint64(text, number)
	}
	text = append(text, byte(index))
	binary.BigEndian.PutUint32(text[4:], crc32.Checksum(text[8:], castagnoli))
	f := &l.files[index]
	_, err := f.WriteAt(text, f.head%2*align)
	f.head++
	return err
}

// headOf reads the head of a file, the newer of its two.
func headOf(text []byte) (newest head, found bool) {
	for _, at := range []int{0, align} {
		if len(text) < at+headSize {
			break
		}
		place := text[at : at+headSize]
		if string(place[:4]) != headMagic || binary.BigEndian.Uint32(place[4:]) != crc32.Checksum(place[8:], castagnoli) {
			continue
		}
		one := head{generation: binary.BigEndian.Uint64(place[8:]), id: binary.BigEndian.Uint64(place[16:]), size: binary.BigEndian.Uint64(place[24:]), index: int(place[32])}
		if one.size >= start && (!found || one.size > newest.size) {
			newest, found = one, true
		}
	}
	return newest, found
}

// maskOf is the pattern of a log. Without knowing its numbers, nobody can find a value that it turns into zeros.
func maskOf(id, generation uint64) []byte {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], id)
	binary.BigEndian.PutUint64(seed[8:], generation)
	mask := make([]byte, align)
	_, _ = io.ReadFull(rand.NewChaCha8(seed), mask) // never fails
	return mask
}

// masked puts the pattern on a text, or takes it away. No mask: it stays as it is.
func masked(text, mask []byte) {
	for len(mask) > 0 && len(text) > 0 {
		text = text[subtle.XORBytes(text, text, mask):]
	}
}
