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

// callbackIn takes the headers along: the vendor's signature is over the exact body.
type callbackIn struct {
	Token   string `path:"token"`
	RawBody []byte `contentType:"application/json"`

	header http.Header
}

// Resolve implements huma.Resolver.
func (in *callbackIn) Resolve(c huma.Context) []error {
	r, _ := humago.Unwrap(c)
	in.header = r.Header
	return nil
}

// invalidCallback tells the vendor what is wrong with its callback: as an answer of ours it would be a fault of the gateway.
func invalidCallback(err error) error {
	e := problem.New(problem.Invalid, "The callback does not match its plugin.")
	for _, f := range problem.As(err).Fields {
		e.With(f.Location, f.Code, "%s", f.Message)
	}
	return e
}

func (s *server) registerHooks(api huma.API) {
	hook := op(Hooks, "receiveCallback", "POST", "/v1/hooks/{token}", "Receive the callback of a vendor")
	hook.raw, hook.DefaultStatus, hook.SkipValidateBody = true, http.StatusNoContent, true // each plugin has a schema of its own
	hook.maxBody = maxLargeBody                                                            // what is too large for a case is read all the same: its signature shows that the work has failed
	add(s, api, hook, func(c ctx, in *callbackIn) (*none, error) {
		callback, err := s.Tokens.ReadCallback(in.Token)
		if err != nil {
			return nil, err
		}
		p := callback.Principal()
		if err := identity.Allow(p, hook.OperationID); err != nil {
			return nil, err
		}
		plugin, err := s.Plugins(c, callback.Tenant, callback.Plugin)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(in.RawBody)
		reply := cases.Reply{
			State: callback.State, Visit: callback.Visit, Work: callback.Work, Round: callback.Round, ID: "callback:" + hex.EncodeToString(sum[:16]),
		}
		var unreadable error
		reply.Payload, err = s.Vendors.ReadCallback(c, callback.Tenant, plugin, in.header, in.RawBody)
		switch {
		case errors.Is(err, connector.ErrNotAnAnswer):
			reply.Ignored = "not_an_answer"
		case problem.CodeOf(err) == problem.VendorGarbage: // the vendor's own mistake: it is told, and so is who reads the history
			reply.Ignored, unreadable = "unreadable", invalidCallback(err)
		case err != nil:
			return nil, err
		}
		if _, err = s.Cases.Answer(c, p, callback.Case, reply); err != nil {
			return nil, err
		}
		return nil, unreadable
	})
}
