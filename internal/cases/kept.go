package cases

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// VendorAnswers keep what vendors have answered for a while, to be used again. An answer is kept with the case whose work was answered, so
// that it goes where that goes, and is found by its key. internal/store/storetest defines the behaviour.
type VendorAnswers interface {
	// VendorAnswer returns what is kept under a key of a tenant and has not ended. Errors: NotFound.
	VendorAnswer(ctx context.Context, tenant, key string, now time.Time) ([]byte, error)
	// KeepVendorAnswer keeps an answer until a time, over a former one of the same key. Errors: TooLarge for more than an item of the real store holds.
	KeepVendorAnswer(ctx context.Context, answer VendorAnswer, now time.Time) error
}

// VendorAnswer is an answer that is kept.
type VendorAnswer struct {
	Tenant, Case, Key string
	Content           []byte
	Until             time.Time
}

// FindVendorAnswer returns what is kept under a key, which is hashed: it is derived from a person's data. Errors: NotFound.
func (s *Service) FindVendorAnswer(ctx context.Context, tenant, key string) ([]byte, error) {
	return s.Store.VendorAnswer(ctx, tenant, s.answerHash(tenant, key), s.Now())
}

// KeepVendorAnswer keeps an answer under the hash of its key. Errors: TooLarge.
func (s *Service) KeepVendorAnswer(ctx context.Context, answer VendorAnswer) error {
	answer.Key = s.answerHash(answer.Tenant, answer.Key)
	return s.Store.KeepVendorAnswer(ctx, answer, s.Now())
}

func (s *Service) answerHash(tenant, key string) string {
	mac := hmac.New(sha256.New, s.SearchKey)
	mac.Write([]byte(tenant + "\x00vendor answer\x00" + key))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// usedAgain records that work was answered by an earlier answer of a vendor.
func (d *draft) usedAgain(work string, call *Call) {
	if call != nil && call.Via == ViaCache {
		d.detail("used_again", map[string]any{"work": work, "answered_at": call.AnsweredAt.UTC().Format(time.RFC3339)})
	}
}
