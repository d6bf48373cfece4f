// Package s3 stores the content of documents in S3 or a compatible service.
package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Objects implements cases.Objects.
type Objects struct {
	client  *awss3.Client
	presign *awss3.PresignClient
	bucket  string
	now     func() time.Time
}

var _ cases.Objects = (*Objects)(nil)

// New keeps objects in a bucket.
func New(client *awss3.Client, bucket string, now func() time.Time) *Objects {
	return &Objects{client: client, presign: awss3.NewPresignClient(client), bucket: bucket, now: now}
}

// PresignPut binds the upload to its exact size, type and SHA-256, and to a key that does not exist yet: all of these
// are signed headers, so what arrives is what was announced, once.
func (o *Objects) PresignPut(ctx context.Context, key, contentType string, size int64, sha256Hex string, expires time.Duration) (cases.Upload, error) {
	sum, err := hex.DecodeString(sha256Hex)
	if err != nil {
		return cases.Upload{}, problem.Wrap(err, problem.Invalid, "The SHA-256 is not hexadecimal.")
	}
	request, err := o.presign.PresignPutObject(ctx, &awss3.PutObjectInput{
		Bucket: aws.String(o.bucket), Key: aws.String(key), ContentType: aws.String(contentType), ContentLength: aws.Int64(size),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum)), IfNoneMatch: aws.String("*"),
	}, awss3.WithPresignExpires(expires), headersNotQuery)
	if err != nil {
		return cases.Upload{}, problem.Wrap(err, problem.Internal, "The upload could not be signed.")
	}
	return cases.Upload{
		Method: request.Method, URL: request.URL, Headers: sendable(request.SignedHeader), ExpiresAt: o.now().Add(expires).UTC().Truncate(time.Second),
	}, nil
}

// headersNotQuery keeps signed headers where the store compares them with what is sent.
func headersNotQuery(options *awss3.PresignOptions) {
	options.ClientOptions = append(options.ClientOptions, func(o *awss3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	})
}

// sendable are the signed headers that a client sets itself; Host and Content-Length are its HTTP library's.
func sendable(signed http.Header) map[string]string {
	headers := map[string]string{}
	for name, values := range signed {
		switch lower := strings.ToLower(name); lower {
		case "host", "content-length":
		default:
			headers[lower] = strings.Join(values, ",")
		}
	}
	return headers
}

// PresignGet allows reading for a while. A browser that follows the link saves the file under a harmless name and never shows it
// as a page; pages that embed or fetch it are not concerned.
//
// A version binds the link to the bytes that were verified: what overwrites them later is not served by it.
func (o *Objects) PresignGet(ctx context.Context, key, version, contentType, fileName string, expires time.Duration) (string, error) {
	var bound *string
	if version != "" {
		bound = aws.String(version)
	}
	request, err := o.presign.PresignGetObject(ctx, &awss3.GetObjectInput{
		Bucket: aws.String(o.bucket), Key: aws.String(key), VersionId: bound, ResponseContentType: aws.String(contentType),
		ResponseContentDisposition: aws.String(fmt.Sprintf(`attachment; filename="%s"`, safeName(fileName))),
		ResponseCacheControl:       aws.String("private, no-store"),
	}, awss3.WithPresignExpires(expires))
	if err != nil {
		return "", problem.Wrap(err, problem.Internal, "The link could not be signed.")
	}
	return request.URL, nil
}

func safeName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
}

// unversioned is what S3 calls the version of what was written before a bucket kept versions. It can be written over.
const unversioned = "null"

// Head returns size, type, checksum and version.
func (o *Objects) Head(ctx context.Context, key string) (cases.ObjectInfo, error) {
	out, err := o.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: aws.String(o.bucket), Key: aws.String(key), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return cases.ObjectInfo{}, translate(key, err)
	}
	info := cases.ObjectInfo{Size: aws.ToInt64(out.ContentLength), ContentType: aws.ToString(out.ContentType)}
	if version := aws.ToString(out.VersionId); version != unversioned {
		info.Version = version
	}
	if sum, err := base64.StdEncoding.DecodeString(aws.ToString(out.ChecksumSHA256)); err == nil {
		info.SHA256 = hex.EncodeToString(sum)
	}
	return info, nil
}

// Read returns at most limit bytes from the start.
func (o *Objects) Read(ctx context.Context, key string, limit int64) ([]byte, error) {
	out, err := o.client.GetObject(ctx, &awss3.GetObjectInput{
		Bucket: aws.String(o.bucket), Key: aws.String(key), Range: aws.String(fmt.Sprintf("bytes=0-%d", limit-1)),
	})
	if err != nil {
		return nil, translate(key, err)
	}
	defer out.Body.Close()
	content, err := io.ReadAll(io.LimitReader(out.Body, limit))
	if err != nil {
		return nil, problem.Wrap(err, problem.Unavailable, "The object could not be read.")
	}
	return content, nil
}

// Get returns an object of at most limit bytes, and a tag of what was read. Errors: NotFound, TooLarge.
func (o *Objects) Get(ctx context.Context, key string, limit int64) (content []byte, tag string, err error) {
	out, err := o.client.GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String(o.bucket), Key: aws.String(key)})
	if err != nil {
		return nil, "", translate(key, err)
	}
	defer out.Body.Close()
	if content, err = io.ReadAll(io.LimitReader(out.Body, limit+1)); err != nil {
		return nil, "", problem.Wrap(err, problem.Unavailable, "The object could not be read.")
	}
	if int64(len(content)) > limit {
		return nil, "", problem.New(problem.TooLarge, "The object %s has more than %d bytes.", key, limit)
	}
	return content, aws.ToString(out.ETag), nil
}

// Put writes an object that still has the tag; "" when there must be none. Errors: Conflict.
func (o *Objects) Put(ctx context.Context, key string, content []byte, tag string) error {
	input := &awss3.PutObjectInput{Bucket: aws.String(o.bucket), Key: aws.String(key), Body: bytes.NewReader(content), ContentLength: aws.Int64(int64(len(content)))}
	if tag == "" {
		input.IfNoneMatch = aws.String("*")
	} else {
		input.IfMatch = aws.String(tag)
	}
	_, err := o.client.PutObject(ctx, input)
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && slices.Contains([]int{http.StatusPreconditionFailed, http.StatusConflict, http.StatusNotFound}, response.HTTPStatusCode()) {
		return problem.Wrap(err, problem.Conflict, "Somebody else has written the object.")
	}
	return translate(key, err)
}

// Keep implements cases.Objects.
func (o *Objects) Keep(ctx context.Context, key, contentType string, content []byte) error {
	sum := sha256.Sum256(content)
	_, err := o.client.PutObject(ctx, &awss3.PutObjectInput{
		Bucket: aws.String(o.bucket), Key: aws.String(key), Body: bytes.NewReader(content), ContentLength: aws.Int64(int64(len(content))),
		ContentType: aws.String(contentType), ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])), IfNoneMatch: aws.String("*"),
	})
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusPreconditionFailed {
		return nil // an attempt whose answer was lost has written it
	}
	return translate(key, err)
}

// Copy copies an object.
func (o *Objects) Copy(ctx context.Context, from, to string) error {
	_, err := o.client.CopyObject(ctx, &awss3.CopyObjectInput{
		Bucket: aws.String(o.bucket), Key: aws.String(to), CopySource: aws.String(o.bucket + "/" + escape(from)),
	})
	return translate(from, err)
}

// escape keeps the slashes of a key; its other characters are letters, digits, _ and - by construction.
func escape(key string) string { return strings.ReplaceAll(key, " ", "%20") }

// Delete removes an object.
func (o *Objects) Delete(ctx context.Context, key string) error {
	_, err := o.client.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: aws.String(o.bucket), Key: aws.String(key)})
	if err = translate(key, err); problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}

func translate(key string, err error) error {
	if err == nil {
		return nil
	}
	var missing *types.NoSuchKey
	var notFound *types.NotFound
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil && response.Response.Header.Get("X-Object-Damaged") != "" { // as internal/local/objects reports it
		return problem.Wrap(err, problem.DocumentDamaged, "The stored object %s is damaged: it differs from what was uploaded. Restore it from a backup.", key)
	}
	if errors.As(err, &missing) || errors.As(err, &notFound) || (errors.As(err, &api) && (api.ErrorCode() == "NoSuchKey" || api.ErrorCode() == "NotFound")) {
		return problem.Wrap(err, problem.NotFound, "There is no such object.")
	}
	return problem.Wrap(err, problem.Unavailable, "The object store did not respond.")
}
