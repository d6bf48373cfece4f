package dynamo

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// Sources of definitions, proposals and trials. A short one is stored on the item that it belongs to, the head. A long
// one is compressed and divided over items of its own, and the head states how many they are:
//
//	tenant / <where>#<digest>#<n>
//
// They are written before the head, so that a partly written source is never visible. The digest keeps two concurrent
// writers of the same head from overwriting each other's parts; the parts of the second one are never read.
const (
	maxInline = 32 << 10  // bytes of a source that is stored on its head: lists read past it, and a transaction has many
	maxPart   = 350 << 10 // of an item's 400 KB
)

func definitionSource(d registry.Definition) string {
	return join("source", string(d.Kind), d.ID, fmt.Sprintf("%08d", d.Version))
}

// putSource writes a long source and records its place in the head.
func (s *Store) putSource(ctx context.Context, tenant, where, source string, head item) error {
	if len(source) <= maxInline {
		head["source"] = text(source)
		return nil
	}
	packed, err := pack(source)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(source))
	digest, parts := hex.EncodeToString(sum[:]), 0
	for rest := packed; len(rest) > 0; parts++ {
		part := rest[:min(len(rest), maxPart)]
		rest = rest[len(part):]
		i := item(key(tenant, join(where, digest, fmt.Sprintf("%04d", parts))))
		i["body"] = &types.AttributeValueMemberB{Value: part}
		if _, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Registry), Item: i}); err != nil {
			return translate(err)
		}
	}
	head["source_parts"], head["source_digest"] = whole(parts), text(digest)
	return nil
}

// sameSource lets a head that is written over keep its source.
func sameSource(there, head item) {
	for _, name := range []string{"source", "source_parts", "source_digest"} {
		if value, ok := there[name]; ok {
			head[name] = value
		}
	}
}

// source that belongs to a head.
func (s *Store) source(ctx context.Context, tenant, where string, head item) (string, error) {
	parts := head.int("source_parts")
	if parts == 0 {
		return head.string("source"), nil
	}
	digest := head.string("source_digest")
	var packed bytes.Buffer
	found := 0
	err := s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Registry), KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"), ConsistentRead: aws.Bool(true),
		ExpressionAttributeValues: item{":pk": text(tenant), ":sk": text(join(where, digest, ""))},
	}, func(i item) (bool, error) {
		if part, ok := i["body"].(*types.AttributeValueMemberB); ok {
			packed.Write(part.Value)
			found++
		}
		return true, nil
	})
	if err != nil {
		return "", err
	}
	source, err := unpack(&packed)
	if sum := sha256.Sum256([]byte(source)); err != nil || found != parts || hex.EncodeToString(sum[:]) != digest {
		return "", problem.Wrap(err, problem.Internal, "A source that is kept is not whole.")
	}
	return source, nil
}

func pack(source string) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, source); err != nil {
		return nil, fmt.Errorf("compress a source: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress a source: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(packed io.Reader) (string, error) {
	r, err := gzip.NewReader(packed)
	if err != nil {
		return "", fmt.Errorf("read a source: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, registry.MaxSource+1))
	if err != nil {
		return "", fmt.Errorf("read a source: %w", err)
	}
	return string(text), nil
}
