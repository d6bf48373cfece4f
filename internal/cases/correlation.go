package cases

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Correlation is the work that a vendor's own id identifies: callbacks that arrive at one fixed address contain it and
// no case. The index of correlations belongs to the records that have them, and is removed with them.
type Correlation struct {
	Plugin string `json:"plugin"`
	Hash   string `json:"hash"` // keyed, of the vendor's id
	Case   string `json:"case"`
	State  string `json:"state"`
	Visit  int    `json:"visit"`
	Work   string `json:"work"`
	Round  int    `json:"round,omitempty"`
	// Asked is when the request was made, in milliseconds since 1970, if the id has belonged to another request before: what
	// the vendor sent earlier is about that one. 0: it has not, or the time is unknown.
	Asked int64 `json:"asked,omitempty"`
	// From is the case that the id may be taken over from, because nothing waits for it there any longer. "": none.
	From string `json:"-"`
}

// VendorID is an id that a vendor has assigned to a request, by which its callbacks find it.
type VendorID struct {
	Plugin, ID string
	Asked      time.Time // when the request was made; zero: unknown
	from       string    // see Correlation.From
}

// maxCorrelations bounds how many ids of vendors a case is found by: the newest ones count.
const maxCorrelations = 50

// correlationHash is the hash of a vendor's id.
func (s *Service) correlationHash(tenant string, id VendorID) string {
	mac := hmac.New(sha256.New, s.SearchKey)
	mac.Write([]byte(tenant + "\x00vendor id\x00" + id.Plugin + "\x00" + id.ID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// correlate records the vendor's id of a request that is answered later. A case may use it for another of its requests
// once nothing waits for the former one. Errors: see CorrelationTaken.
func (s *Service) correlate(d *draft, job Job, id *VendorID) error {
	if id == nil {
		return nil
	}
	made := Correlation{
		Plugin: id.Plugin, Hash: s.correlationHash(d.record.Tenant, *id), Case: d.record.ID, State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Round: job.Round, From: id.from,
	}
	same := func(c Correlation) bool { return c.Plugin == made.Plugin && c.Hash == made.Hash }
	for _, c := range d.record.Correlations {
		other := c.State != made.State || c.Work != made.Work
		if other && same(c) && d.isDoing(c.State, c.Visit, c.Work, statechart.WorkPending, statechart.WorkAwaiting, statechart.WorkIncident) {
			return CorrelationTaken(made.Work)
		}
	}
	if former := slices.ContainsFunc(d.record.Correlations, same); (former || id.from != "") && !id.Asked.IsZero() {
		made.Asked = id.Asked.UnixMilli()
	}
	kept := append(slices.DeleteFunc(slices.Clone(d.record.Correlations), same), made)
	d.record.Correlations = kept[max(0, len(kept)-maxCorrelations):]
	return nil
}

// clocksDiffer is how much the clocks of vendors may be behind ours.
const clocksDiffer = 5 * time.Second

// Precedes reports whether what the vendor sent at a time is about a former request, for which its id has stood before.
func (c Correlation) Precedes(sent time.Time) bool {
	return c.Asked != 0 && !sent.IsZero() && sent.Before(time.UnixMilli(c.Asked).Add(-clocksDiffer))
}

// leftBy is the case that a vendor's id may be taken over from: it has ended for good, is gone, or is found by newer ids only. "": the
// id is free, or belongs to a case that may still be answered. Errors: those of the store.
func (s *Service) leftBy(ctx context.Context, tenant string, id VendorID) (string, error) {
	there, err := s.Correlated(ctx, tenant, id)
	if problem.CodeOf(err) == problem.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	record, err := s.Store.Get(ctx, tenant, there.Case)
	if problem.CodeOf(err) == problem.NotFound {
		return there.Case, nil
	}
	if err != nil {
		return "", err
	}
	has := slices.ContainsFunc(record.Correlations, func(c Correlation) bool { return c.Plugin == there.Plugin && c.Hash == there.Hash })
	revocable := record.Undo != nil && s.Now().Before(record.Undo.Until.Add(undoMargin))
	if has && (record.Status == StatusActive || revocable) {
		return "", nil
	}
	return there.Case, nil
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

// CorrelationTaken is the error of a commit whose vendor's id belongs to another case, or to other work that is not done. Errors: AlreadyExists.
func CorrelationTaken(work string) error {
	return problem.New(problem.AlreadyExists, "The vendor's id belongs to another request.").Detail("correlation", work)
}

// correlationTaken reports whether an error is CorrelationTaken.
func correlationTaken(err error) bool {
	return problem.CodeOf(err) == problem.AlreadyExists && problem.As(err).Details["correlation"] != nil
}

// Correlated finds the work that a vendor's id identifies. Errors: NotFound.
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
