package cases

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Correlation is the work that a vendor's own id stands for: callbacks that come to one fixed address name it and no case. The
// index of correlations belongs to the records that have them, and goes with these.
type Correlation struct {
	Plugin string `json:"plugin"`
	Hash   string `json:"hash"` // keyed, of the vendor's id
	Case   string `json:"case"`
	State  string `json:"state"`
	Visit  int    `json:"visit"`
	Work   string `json:"work"`
	Round  int    `json:"round,omitempty"`
}

// Owner is what an id belongs to: a work of a case, which may be done anew with the same id.
func (c Correlation) Owner() string { return c.Case + "/" + c.State + "/" + c.Work }

// VendorID is an id that a vendor has given to a request, by which its callbacks find it.
type VendorID struct{ Plugin, ID string }

// maxCorrelations bounds how many ids of vendors a case is found by: the newest ones count.
const maxCorrelations = 50

// correlationHash is the hash of a vendor's id.
func (s *Service) correlationHash(tenant string, id VendorID) string {
	mac := hmac.New(sha256.New, s.SearchKey)
	mac.Write([]byte(tenant + "\x00vendor id\x00" + id.Plugin + "\x00" + id.ID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// correlate notes the vendor's id of a request whose answer comes later.
func (s *Service) correlate(d *draft, job Job, id *VendorID) {
	if id == nil {
		return
	}
	made := Correlation{
		Plugin: id.Plugin, Hash: s.correlationHash(d.record.Tenant, *id), Case: d.record.ID, State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Round: job.Round,
	}
	kept := slices.DeleteFunc(slices.Clone(d.record.Correlations), func(c Correlation) bool { return c.Plugin == made.Plugin && c.Hash == made.Hash })
	kept = append(kept, made)
	d.record.Correlations = kept[max(0, len(kept)-maxCorrelations):]
}

// NewCorrelations are those that a change writes to the index.
func NewCorrelations(change Change) (made []Correlation) {
	for _, one := range change.Next.Correlations {
		if !slices.Contains(change.Before.Correlations, one) {
			made = append(made, one)
		}
	}
	return made
}

// LostCorrelations are those that a change takes out of the index.
func LostCorrelations(change Change) (lost []Correlation) {
	for _, one := range change.Before.Correlations {
		if !slices.ContainsFunc(change.Next.Correlations, func(c Correlation) bool { return c.Plugin == one.Plugin && c.Hash == one.Hash }) {
			lost = append(lost, one)
		}
	}
	return lost
}

// CorrelationTaken is the error of a commit whose vendor's id belongs to other work already. Errors: AlreadyExists.
func CorrelationTaken(work string) error {
	return problem.New(problem.AlreadyExists, "The vendor's id belongs to another request.").Detail("correlation", work)
}

// correlationTaken tells such an error from others.
func correlationTaken(err error) bool {
	return problem.CodeOf(err) == problem.AlreadyExists && problem.As(err).Details["correlation"] != nil
}

// Correlated finds the work that a vendor's id stands for. Errors: NotFound.
func (s *Service) Correlated(ctx context.Context, tenant string, id VendorID) (Correlation, error) {
	return s.Store.Correlated(ctx, tenant, id.Plugin, s.correlationHash(tenant, id))
}

// Asked is what a case knows of work that a vendor was asked to do.
type Asked struct {
	Plugin   string // that the work names; another one may have answered in its place. "": it names none
	Accepted any    // what was kept of the acceptance, JSON; nil: nothing
	// Early: the work is being asked for at this moment, and what is known of it may be of a former request.
	Early bool
}

// Asked reads what a case knows of the work that a callback is about. Errors: NotFound.
func (s *Service) Asked(ctx context.Context, p identity.Principal, id, state, work string) (Asked, error) {
	if err := sees(p, id); err != nil {
		return Asked{}, err
	}
	record, err := s.read(ctx, p.Tenant, id)
	if err != nil {
		return Asked{}, err
	}
	wf, err := s.follows(ctx, record)
	if err != nil {
		return Asked{}, err
	}
	result, _ := record.Context[work].(map[string]any)
	asked := Asked{Accepted: result[acceptedField]}
	if made, known := wf.Invocation(state, work); known {
		asked.Plugin, _ = made.Input["plugin"].(string)
	}
	asked.Early = record.Status == StatusActive && slices.ContainsFunc(wf.Chart.Busy(record.Snapshot), func(b statechart.Doing) bool {
		return b.State == state && b.Work == work && b.Status == statechart.WorkPending
	})
	return asked, nil
}
