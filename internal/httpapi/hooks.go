package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// called takes the headers along: the vendor's signature is over the exact body.
type called struct {
	RawBody []byte `contentType:"application/json"`

	header http.Header
}

// Resolve implements huma.Resolver.
func (in *called) Resolve(c huma.Context) []error {
	r, _ := humago.Unwrap(c)
	in.header = r.Header
	return nil
}

type callbackIn struct {
	Token string `path:"token"`
	called
}

// invalidCallback reports to the vendor what is wrong with its callback: as an answer of ours it would be a fault of the gateway.
func invalidCallback(err error) error {
	e := problem.New(problem.Invalid, "The callback does not match its plugin.")
	for _, f := range problem.As(err).Fields {
		e.With(f.Location, f.Code, "%s", f.Message)
	}
	return e
}

// hook is an operation that vendors call.
func hook(id, path, summary string) operation {
	o := op(Hooks, id, "POST", path, summary)
	o.raw, o.DefaultStatus, o.SkipValidateBody = true, http.StatusNoContent, true // each plugin has a schema of its own
	o.maxBody = maxLargeBody                                                      // what is too large for a case is read all the same: its signature shows that the work has failed
	return o
}

func (s *server) registerHooks(api huma.API) {
	receive := hook("receiveCallback", "/v1/hooks/{token}", "Receive the callback of a vendor")
	add(s, api, receive, func(c ctx, in *callbackIn) (*none, error) {
		callback, err := s.Tokens.ReadCallback(in.Token)
		if err != nil {
			return nil, err
		}
		p := callback.Principal()
		if err := identity.Allow(p, receive.OperationID); err != nil {
			return nil, err
		}
		plugin, err := s.Plugins(c, callback.Tenant, callback.Plugin)
		if err != nil {
			return nil, err
		}
		received, err := s.Vendors.Receive(c, callback.Tenant, plugin, in.header, in.RawBody)
		if err != nil {
			return nil, err
		}
		reply := cases.Reply{State: callback.State, Visit: callback.Visit, Work: callback.Work, Round: callback.Round, ID: replyID(in.RawBody)}
		return nil, s.take(c, p, received, reply, in.Token)
	})
	s.registerVendorCallbacks(api)
}

// replyID is the same for a callback that is sent again.
func replyID(body []byte) string {
	sum := sha256.Sum256(body)
	return "callback:" + hex.EncodeToString(sum[:16])
}

// take passes a callback to the case of its principal, as the answer to the work that the reply names. token is the end of the address to which it came.
func (s *server) take(c ctx, p identity.Principal, received *connector.Received, reply cases.Reply, token string) error {
	received.At(token)
	known, err := s.Cases.Asked(c, p, p.Case, reply.State, reply.Work)
	if err != nil {
		return err
	}
	if known.Early && received.ConcernsCase() { // what it is compared with arrives with the answer to the request
		return tooEarly()
	}
	var unreadable error
	reply.Payload, err = received.Result(connector.Asked{Case: p.Case, State: reply.State, Visit: reply.Visit, Work: reply.Work, Round: reply.Round, Accepted: known.Accepted})
	if err == nil && known.Plugin != "" && known.Plugin != received.Plugin() {
		err = s.fits(c, p.Tenant, known.Plugin, reply.Payload)
	}
	switch {
	case errors.Is(err, connector.ErrNotAnAnswer):
		reply.Ignored = "not_an_answer"
	case problem.CodeOf(err) == problem.VendorGarbage: // the vendor's own mistake: the answer and the history state it
		reply.Ignored, unreadable = "unreadable", invalidCallback(err)
	case err != nil:
		return err
	}
	reply.Plugin, reply.Exchanged = received.Plugin(), received.Exchanged(s.Now())
	if _, err = s.Cases.Answer(c, p, p.Case, reply); err != nil {
		return err
	}
	return unreadable
}

// fits checks the result of a plugin that was asked in the place of another against what the other one promises: guards and policies read
// that. Errors: VendorGarbage, NotFound.
func (s *server) fits(c ctx, tenant, named string, result any) error {
	plugin, err := s.Plugins(c, tenant, named)
	if err != nil {
		return err
	}
	return plugin.Fits(result)
}

// tooEarly is the answer to a callback that is faster than the answer to its request, and cannot be understood without it.
func tooEarly() error {
	return problem.New(problem.Conflict, "The request has not been recorded yet: send this again in a minute.").Detail("retry_after_seconds", earlySeconds)
}
