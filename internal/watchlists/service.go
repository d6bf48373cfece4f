package watchlists

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

// Service loads and opens the watch lists of tenants.
type Service struct {
	Objects Objects
	Uploads Uploads
	Now     func() time.Time
	NewID   func(prefix string) string

	// Announce is called when an edition is about to replace another one (its id; "": there was none), before it counts. It
	// may be repeated, and the change may fail after it. nil: nobody is notified.
	Announce func(ctx context.Context, tenant, list, current, edition string) error

	// Behind are the people and keys that may hold a secret of a key: see identity.Keys. Without it no key does what another person has to agree to.
	Behind func(ctx context.Context, tenant, key string) ([]string, error)

	opened opened
}

// Upload is where a packed list is sent, and how.
type Upload struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	ExpiresAt time.Time         `json:"expires_at"`
}

// Uploads allows one upload of exactly these bytes to a key that does not exist yet.
type Uploads func(ctx context.Context, key, contentType string, size int64, sha256Hex string, expires time.Duration) (Upload, error)

// uploadLife is how long an upload can take to begin.
const uploadLife = 15 * time.Minute

// contentType of a packed list.
const contentType = "application/vnd.ballerine.watchlist"

// Offer allows the upload of a packed list. Errors: Invalid, TooLarge.
func (s *Service) Offer(ctx context.Context, p identity.Principal, size int64, sum string) (Upload, error) {
	e := problem.New(problem.Invalid, "The upload is not described.")
	if size < 1 || size > screening.MaxPacked {
		e.With("body.size", "range", "the size must be from 1 to %d bytes", screening.MaxPacked)
	}
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size {
		e.With("body.sha256", "format", "the SHA-256 must have 64 hexadecimal digits")
	}
	if len(e.Fields) > 0 {
		return Upload{}, e
	}
	id := s.NewID("upload")
	upload, err := s.Uploads(ctx, uploadKey(p.Tenant, id), contentType, size, sum, uploadLife)
	upload.ID = id
	return upload, err
}

// Load makes an uploaded list the current edition of the list that it names, or lets it wait: see the package. Loading
// the current edition, or the one that waits, again changes nothing. Errors: NotFound if nothing was uploaded, Invalid
// if it is not a packed list, TooLarge, Conflict.
func (s *Service) Load(ctx context.Context, p identity.Principal, upload string) (List, error) {
	if !plain(upload) {
		return List{}, problem.New(problem.NotFound, "There is no such upload.")
	}
	packed, _, err := s.Objects.Get(ctx, uploadKey(p.Tenant, upload), screening.MaxPacked)
	if problem.CodeOf(err) == problem.NotFound {
		return List{}, problem.New(problem.NotFound, "There is no such upload: it has not arrived, or was loaded before.")
	} else if err != nil {
		return List{}, err
	}
	list, err := screening.Unpack(packed)
	if err != nil { // it is useless
		return List{}, errors.Join(err, s.Objects.Delete(ctx, uploadKey(p.Tenant, upload)))
	}
	loaded, err := s.load(ctx, p, list, packed)
	if err != nil {
		return List{}, err
	}
	return loaded, s.Objects.Delete(ctx, uploadKey(p.Tenant, upload))
}

// load keeps an edition and enters it into the catalogue.
func (s *Service) load(ctx context.Context, p identity.Principal, list screening.List, packed []byte) (List, error) {
	sum := sha256.Sum256(packed)
	by, err := s.eyes(ctx, p)
	if err != nil {
		return List{}, err
	}
	one := Edition{
		ID: s.NewID("list"), Edition: list.Edition, SHA256: hex.EncodeToString(sum[:]), Entries: len(list.Entries), Names: namesOf(list), LoadedAt: s.Now().UTC().Truncate(time.Second), LoadedBy: by,
	}
	if err := s.Objects.Put(ctx, editionKey(p.Tenant, one.ID), packed, ""); err != nil {
		return List{}, err
	}
	var after List
	var forgotten []string
	written, err := s.change(ctx, p.Tenant, func(c *catalogue) (err error) {
		after, forgotten, err = s.enter(ctx, p.Tenant, c, list, one)
		return err
	})
	switch {
	case errors.Is(err, errUnchanged):
		err = nil
	case err != nil && written: // whether it is in the catalogue is not known: it stays
		return List{}, err
	case err != nil:
		forgotten = []string{one.ID}
	}
	return after, errors.Join(err, s.forget(ctx, p.Tenant, forgotten))
}

// enter puts an edition into a catalogue. forgotten are those that are no longer referred to.
func (s *Service) enter(ctx context.Context, tenant string, c *catalogue, list screening.List, one Edition) (after List, forgotten []string, err error) {
	l, err := c.add(list.Name)
	if err != nil {
		return List{}, nil, err
	}
	if l.named(one.ID) { // our own write, whose answer was lost
		return *l, nil, errUnchanged
	}
	before, err := s.sound(ctx, tenant, l.Current)
	if err != nil {
		return List{}, nil, err
	}
	waits := l.Waiting != nil && l.Waiting.SHA256 == one.SHA256
	if waits || before != nil && l.Current.SHA256 == one.SHA256 {
		return *l, []string{one.ID}, errUnchanged
	}
	if l.labelled(one) {
		return List{}, nil, problem.New(problem.AlreadyExists, "The list has an edition %s already, with other entries: an edition is never changed.", one.Edition)
	}
	if l.Waiting != nil {
		forgotten = append(forgotten, l.Waiting.ID)
		l.Waiting = nil
	}
	if before != nil {
		d := screening.Compare(*before, list)
		one.Changes = &Changes{Added: len(d.Added), Changed: len(d.Changed), Removed: len(d.Removed)}
	}
	if l.halved(one) {
		l.Waiting = &one
		return *l, forgotten, nil
	}
	if err := s.announce(ctx, tenant, l, one); err != nil {
		return List{}, nil, err
	}
	forgotten = append(forgotten, l.become(one)...)
	return *l, forgotten, nil
}

func (s *Service) announce(ctx context.Context, tenant string, l *List, one Edition) error {
	if s.Announce == nil {
		return nil
	}
	current := ""
	if l.Current != nil {
		current = l.Current.ID
	}
	return s.Announce(ctx, tenant, l.Name, current, one.Edition)
}

var errUnchanged = errors.New("nothing changes")

// sound is the current edition; nil if there is none, or if what is stored of it is not what was loaded: another one
// repairs that.
func (s *Service) sound(ctx context.Context, tenant string, current *Edition) (*screening.List, error) {
	if current == nil {
		return nil, nil
	}
	list, err := s.edition(ctx, tenant, *current)
	if problem.CodeOf(err) == problem.UnknownList {
		return nil, nil
	}
	return &list, err
}

func namesOf(list screening.List) (all int) {
	for i := range list.Entries {
		all += len(list.Entries[i].Names)
	}
	return all
}

func (s *Service) forget(ctx context.Context, tenant string, editions []string) error {
	var failed []error
	for _, id := range editions {
		failed = append(failed, s.Objects.Delete(ctx, editionKey(tenant, id)))
	}
	return errors.Join(failed...)
}

// Release makes a waiting edition the current one; repeating it changes nothing. The person who loaded it, or may hold
// the key that did, cannot. Errors: NotFound, NotReady if none waits, FourEyes, Invalid, Conflict.
func (s *Service) Release(ctx context.Context, p identity.Principal, name, edition, comment string) (List, error) {
	var after List
	var forgotten []string
	if !utf8.ValidString(comment) || len([]rune(comment)) > 500 {
		return List{}, problem.New(problem.Invalid, "The edition cannot be released.").With("body.comment", "length", "a comment can have 500 characters")
	}
	_, err := s.change(ctx, p.Tenant, func(c *catalogue) error {
		l := c.list(name)
		switch {
		case l == nil:
			return problem.New(problem.NotFound, "There is no such watch list.")
		case l.releasedBy(p, edition): // the answer was lost, or the call is repeated
			after, forgotten = *l, nil
			return errUnchanged
		case l.Waiting == nil || l.Waiting.Edition != edition:
			return problem.New(problem.NotReady, "This edition is not waiting.")
		case p.Kind != identity.User:
			return problem.New(problem.FourEyes, "A person must release the edition.")
		}
		if same, err := s.same(ctx, l.Waiting.LoadedBy, p); err != nil {
			return err
		} else if same {
			return problem.New(problem.FourEyes, "Another person must release the edition: you have loaded it, or may hold the key that has.")
		}
		one, at, by := *l.Waiting, s.Now().UTC().Truncate(time.Second), personOf(p)
		one.Released, one.By, one.Comment = &at, &by, comment
		if err := s.announce(ctx, p.Tenant, l, one); err != nil {
			return err
		}
		l.Waiting = nil
		forgotten = l.become(one)
		after = *l
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return List{}, err
	}
	return after, s.forget(ctx, p.Tenant, forgotten)
}

// releasedBy reports whether an edition counts because of this person.
func (l *List) releasedBy(p identity.Principal, edition string) bool {
	return l.Waiting == nil && l.Current != nil && l.Current.Edition == edition && l.Current.By != nil && l.Current.By.ID == p.ID
}

// Reject drops a waiting edition; repeating it changes nothing. Errors: NotFound, NotReady, Conflict.
func (s *Service) Reject(ctx context.Context, p identity.Principal, name, edition string) (List, error) {
	var after List
	var gone string
	_, err := s.change(ctx, p.Tenant, func(c *catalogue) error {
		l := c.list(name)
		switch {
		case l == nil:
			return problem.New(problem.NotFound, "There is no such watch list.")
		case l.rejectedBy(p, edition): // the answer was lost, or the call is repeated
			after, gone = *l, ""
			return errUnchanged
		case l.Waiting == nil || l.Waiting.Edition != edition:
			return problem.New(problem.NotReady, "This edition is not waiting.")
		}
		gone, l.Waiting = l.Waiting.ID, nil
		l.Rejected = s.settled(p, edition)
		after = *l
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return List{}, err
	}
	if gone == "" {
		return after, nil
	}
	return after, s.forget(ctx, p.Tenant, []string{gone})
}

func (s *Service) settled(p identity.Principal, what string) *Settled {
	return &Settled{What: what, By: personOf(p), At: s.Now().UTC().Truncate(time.Second)}
}

// rejectedBy reports whether an edition was rejected by this person, and does not wait again.
func (l *List) rejectedBy(p identity.Principal, edition string) bool {
	return (l.Waiting == nil || l.Waiting.Edition != edition) && l.Rejected != nil && l.Rejected.What == edition && l.Rejected.By.ID == p.ID
}

// Lists are the watch lists of a tenant, by name.
func (s *Service) Lists(ctx context.Context, tenant string) ([]List, error) {
	c, err := s.read(ctx, tenant)
	return c.Lists, err
}

// edition reads an edition that the catalogue names. Errors: UnknownList when it is missing, or another one than was loaded;
// Unavailable.
func (s *Service) edition(ctx context.Context, tenant string, e Edition) (screening.List, error) {
	packed, _, err := s.Objects.Get(ctx, editionKey(tenant, e.ID), screening.MaxPacked)
	switch problem.CodeOf(err) {
	case problem.NotFound, problem.DocumentDamaged, problem.TooLarge:
		return screening.List{}, damaged(e)
	case "":
	default:
		return screening.List{}, err
	}
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != e.SHA256 {
		return screening.List{}, damaged(e)
	}
	return screening.Unpack(packed)
}

func damaged(e Edition) error {
	return problem.New(problem.UnknownList, "The edition %s of a watch list is missing or damaged: load the list again.", e.Edition)
}

// plain reports whether a text can be a part of a key.
func plain(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
