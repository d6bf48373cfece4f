package dynamo

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
)

// A record whose JSON is larger than limits.Inline is not stored on its item. It is compressed and divided over items of
// its own, which are written in the same transaction and over those of the commit before:
//
//	tenant#case / part#<n>
//
// The record's item then states how many parts there are, and the digest that each of them carries. A reader that finds
// parts of another commit reads both again.

// readAgain bounds how often a large record is read when it is written meanwhile.
const readAgain = 8

func recordPartKey(n int) string { return fmt.Sprintf("part#%04d", n) }

// setRecord stores the JSON on the record's item, or returns the items of the parts.
func setRecord(i item, doc []byte) ([]item, error) {
	if err := limits.CheckRecord(len(doc)); err != nil {
		return nil, err
	}
	packed, err := squeeze(doc)
	if err != nil {
		return nil, err
	}
	if len(doc) <= limits.Inline {
		i[recordBody] = &types.AttributeValueMemberB{Value: packed}
		return nil, nil
	}
	sum := sha256.Sum256(packed)
	digest := hex.EncodeToString(sum[:])
	var parts []item
	for rest := packed; len(rest) > 0; {
		part := rest[:min(len(rest), limits.Part)]
		rest = rest[len(part):]
		p := item{"pk": i["pk"], "sk": text(recordPartKey(len(parts))), "body": &types.AttributeValueMemberB{Value: part}, "digest": text(digest)}
		parts = append(parts, p)
	}
	i["parts"], i["digest"] = whole(len(parts)), text(digest)
	return parts, nil
}

// large reads the JSON of a record that is divided. found is false when its parts are of another commit.
func (s Cases) large(ctx context.Context, i item) (doc []byte, found bool, err error) {
	pk, digest, want := i.string("pk"), i.string("digest"), i.int("parts")
	var packed bytes.Buffer
	number := 0
	err = s.within(ctx, s.tables.Cases, pk, "part#", "", 0, func(p item) (bool, error) {
		body, ok := p["body"].(*types.AttributeValueMemberB)
		if !ok || p.string("digest") != digest || p.string("sk") != recordPartKey(number) {
			return false, nil
		}
		packed.Write(body.Value)
		number++
		return number < want, nil
	})
	if err != nil || number != want {
		return nil, false, err
	}
	doc, err = unsqueeze(&packed)
	return doc, err == nil, err
}

// squeeze compresses fast: what is written often should not wait for the last percent.
func squeeze(doc []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = w.Write(doc)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A case could not be compressed.")
	}
	return b.Bytes(), nil
}

func unsqueeze(packed io.Reader) ([]byte, error) {
	r, err := gzip.NewReader(packed)
	if err == nil {
		var doc []byte
		if doc, err = io.ReadAll(io.LimitReader(r, limits.Record+1)); err == nil {
			return doc, nil
		}
	}
	return nil, problem.Wrap(err, problem.Internal, "A case that is kept in parts cannot be read.")
}

// size of an item as the table service counts it, near enough: names, and values in bytes.
func (i item) size() int {
	sum := 0
	for name, value := range i {
		sum += len(name) + valueSize(value)
	}
	return sum
}

func valueSize(value types.AttributeValue) int {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return 21
	case *types.AttributeValueMemberM:
		sum := 3
		for name, inner := range v.Value {
			sum += len(name) + 1 + valueSize(inner)
		}
		return sum
	case *types.AttributeValueMemberL:
		sum := 3
		for _, inner := range v.Value {
			sum += 1 + valueSize(inner)
		}
		return sum
	}
	return 1
}

// fits refuses a transaction that the table service would refuse, and states what is too large. Errors: TooLarge.
func fits(writes []types.TransactWriteItem) error {
	if len(writes) > limits.Items {
		return problem.New(problem.TooLarge, "The change would write %d items in one transaction; the limit is %d.", len(writes), limits.Items).Detail("items", len(writes))
	}
	sum := 0
	for _, w := range writes {
		if w.Put == nil {
			sum += 1 << 10
			continue
		}
		size := item(w.Put.Item).size()
		if size > limits.Item {
			return limits.TooLarge("An item of the change", size, limits.Item)
		}
		sum += size
	}
	if sum > limits.Transaction {
		return limits.TooLarge("The change", sum, limits.Transaction)
	}
	return nil
}
