package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cache"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Bounds of asking for a callback again whose id is not known: its request may not have been recorded yet.
const (
	earlySeconds = 30 // that a vendor is asked to wait
	earlyTime    = 10 * time.Minute
	maxUnknown   = 10_000 // ids of vendors that a process remembers
)

type vendorCallbackIn struct {
	Tenant string `path:"tenant" maxLength:"200"`
	Plugin string `path:"plugin" maxLength:"60"`
	Token  string `path:"token" maxLength:"100"`
	called
}

func (s *server) registerVendorCallbacks(api huma.API) {
	first := &strangers{cache.New[string, time.Time](maxUnknown)}
	receive := hook("receiveVendorCallback", "/v1/callbacks/{tenant}/{plugin}/{token}", "Receive the callback of a vendor that has one address for all cases")
	add(s, api, receive, func(c ctx, in *vendorCallbackIn) (*none, error) {
		if !s.Addresses.Admits(in.Tenant, in.Plugin, in.Token) {
			return nil, problem.New(problem.InvalidCredentials, "The address of the callback is not valid.")
		}
		p := identity.Principal{Tenant: in.Tenant, Kind: identity.Vendor, ID: in.Plugin}
		plugin, err := s.Plugins(c, in.Tenant, in.Plugin)
		if err != nil {
			return nil, err
		}
		if !plugin.Correlates() {
			return nil, problem.New(problem.NotFound, "%s has no fixed address for callbacks.", plugin.ID)
		}
		received, err := s.Vendors.Receive(c, in.Tenant, plugin, in.header, in.RawBody)
		if err != nil {
			return nil, err
		}
		return nil, s.correlate(c, p, received, in, first)
	})
}

// correlate finds the case of a callback by the vendor's own id, and hands it over. first is when ids that are not known have first come.
func (s *server) correlate(c ctx, p identity.Principal, received *connector.Received, in *vendorCallbackIn, first *strangers) error {
	id := received.CorrelationID()
	if id == "" {
		if _, err := received.Result(connector.Asked{}); problem.CodeOf(err) == problem.VendorGarbage {
			s.unmatched(c, p, "unreadable")
			return invalidCallback(err)
		}
		s.unmatched(c, p, "no_id")
		return nil
	}
	found, err := s.Cases.Correlated(c, p.Tenant, cases.VendorID{Plugin: p.ID, ID: id})
	if problem.CodeOf(err) == problem.NotFound {
		return s.stranger(c, p, received, id, first)
	}
	if err != nil {
		return err
	}
	p.Case = found.Case // the vendor may only answer for this case
	if err := identity.Allow(p, "receiveVendorCallback"); err != nil {
		return err
	}
	asked, err := s.Cases.Asked(c, p, p.Case, found.State, found.Work)
	if err != nil {
		return err
	}
	if asked.Early { // the same id may be that of the request that is being made
		return tooEarly()
	}
	given := cases.Reply{State: found.State, Visit: found.Visit, Work: found.Work, Round: found.Round, ID: replyID(in.RawBody)}
	if found.Precedes(received.SentAt()) {
		given.Ignored = "asked_again"
	}
	return s.take(c, p, received, given, in.Token)
}

// stranger answers a callback whose id is unknown. The answer to its request may not have been recorded yet: for a while
// the vendor is asked to send it again. Afterwards it does not belong to us.
func (s *server) stranger(c ctx, p identity.Principal, received *connector.Received, id string, first *strangers) error {
	if received.Excluded() {
		s.unmatched(c, p, "not_an_answer")
		return nil
	}
	now, since := s.Now(), received.SentAt()
	if since.IsZero() || since.After(now) {
		since = first.since(p, id, now)
	}
	if now.Sub(since) < earlyTime {
		s.unmatched(c, p, "asked_again")
		return tooEarly()
	}
	s.unmatched(c, p, "unknown_id")
	return nil
}

// strangers are when unknown ids of vendors first arrived, by their hashes.
type strangers struct {
	first *cache.Cache[string, time.Time]
}

func (s *strangers) since(p identity.Principal, id string, now time.Time) time.Time {
	sum := sha256.Sum256([]byte(p.Tenant + "\x00" + p.ID + "\x00" + id))
	key := hex.EncodeToString(sum[:])
	if since, known := s.first.Get(key); known {
		return since
	}
	s.first.Put(key, now)
	return now
}

// unmatched logs a callback that belongs to no case.
func (s *server) unmatched(c ctx, p identity.Principal, reason string) {
	s.Metrics.Count("callbacks_unmatched_total", "reason", reason)
	s.Logger.WarnContext(c, "callback belongs to no case", "tenant", p.Tenant, "plugin", p.ID, "reason", reason)
}
