package issuer

import (
	"crypto/rand"
	"crypto/subtle"
	_ "embed" // the page and its style
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

//go:embed signin.html
var pageText string

//go:embed signin.css
var styleText []byte

var pageTemplate = template.Must(template.New("sign-in").Parse(pageText))

// HashPassword is how a password is kept.
func HashPassword(password string) (string, error) {
	sum, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return "", problem.Wrap(err, problem.Invalid, "The password cannot be kept: it has at most 72 bytes.")
	}
	return string(sum), nil
}

// nobody is a hash that no password has: somebody who does not exist takes as long as somebody who does.
const nobody = "$2a$10$7EqJtq98hPqEX7fNZaFWoOhi5B0Qf1lV0bq6zGm3rXIqZt4p8G8K6"

func passwordIs(person identity.Person, password string) bool {
	kept := person.PasswordHash
	if kept == "" {
		kept = nobody
	}
	return bcrypt.CompareHashAndPassword([]byte(kept), []byte(password)) == nil && person.PasswordHash != "" && !person.Disabled
}

// pageData fills the sign-in page.
type pageData struct {
	Query   string // of the authorization request
	Email   string
	Failure string // "credentials", "locked", "request"; "" for none
	Token   string
	Demo    []DemoPerson
	T       map[string]string
	Lang    string
}

const formCookie = "ballerine_form"

var texts = map[string]map[string]string{
	"en": {
		"title": "Sign in", "lead": "The back office of Ballerine", "email": "E-mail", "password": "Password", "submit": "Sign in", "demo": "Demo accounts of this machine",
		"as": "Sign in as", "credentials": "The e-mail or the password is not right.", "locked": "Too many attempts. Wait a minute and try again.",
		"request": "This sign-in was not begun by the dashboard, or is too old. Open the dashboard again.", "open": "Open the dashboard",
		"admin": "Admin", "manager": "Manager", "reviewer": "Reviewer", "auditor": "Auditor", "developer": "Developer",
	},
	"de": {
		"title": "Anmelden", "lead": "Das Backoffice von Ballerine", "email": "E-Mail", "password": "Passwort", "submit": "Anmelden", "demo": "Demo-Konten dieses Rechners",
		"as": "Anmelden als", "credentials": "E-Mail oder Passwort ist nicht richtig.", "locked": "Zu viele Versuche. Warten Sie eine Minute und versuchen Sie es erneut.",
		"request": "Diese Anmeldung wurde nicht vom Dashboard begonnen oder ist zu alt. Öffnen Sie das Dashboard erneut.", "open": "Dashboard öffnen",
		"admin": "Administration", "manager": "Leitung", "reviewer": "Prüfung", "auditor": "Revision", "developer": "Entwicklung",
	},
}

// page writes the sign-in page. Its form carries a token that a cookie has, too, so that no other site can send it.
func (p *Provider) page(w http.ResponseWriter, r *http.Request, status int, data pageData) {
	data.Lang = "en"
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "de") {
		data.Lang = "de"
	}
	data.T = texts[data.Lang]
	if data.Failure != "request" {
		data.Demo, data.Token = p.Demo, formToken(r)
		p.setCookie(w, formCookie, data.Token, int(time.Hour.Seconds()))
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	if err := pageTemplate.Execute(w, data); err != nil {
		p.Logger.WarnContext(r.Context(), "the sign-in page was not written", "error", err.Error())
	}
}

func formToken(r *http.Request) string {
	if cookie, err := r.Cookie(formCookie); err == nil && len(cookie.Value) >= 26 {
		return cookie.Value
	}
	return rand.Text()
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(styleText) // the caller has gone: nobody to tell
}

// signIn checks a password and goes on with the authorization request.
func (p *Provider) signIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.page(w, r, http.StatusBadRequest, pageData{Failure: "request"})
		return
	}
	query := r.PostForm.Get("query")
	cookie, err := r.Cookie(formCookie)
	asked, parseErr := url.ParseQuery(query)
	if err != nil || parseErr != nil || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(r.PostForm.Get("token"))) != 1 {
		p.page(w, r, http.StatusBadRequest, pageData{Failure: "request"})
		return
	}
	email := strings.ToLower(strings.TrimSpace(r.PostForm.Get("email")))
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	if !p.attempts.allowed(email, address) {
		p.page(w, r, http.StatusTooManyRequests, pageData{Failure: "locked", Query: query, Email: email})
		return
	}
	person, err := p.People.UserByEmail(r.Context(), p.Tenant, email)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		p.Logger.ErrorContext(r.Context(), "a person was not looked up", "error", err.Error())
		p.page(w, r, http.StatusServiceUnavailable, pageData{Failure: "request"})
		return
	}
	if !passwordIs(person, r.PostForm.Get("password")) {
		p.attempts.failed(email, address)
		p.page(w, r, http.StatusUnauthorized, pageData{Failure: "credentials", Query: query, Email: email})
		return
	}
	p.attempts.succeeded(email)
	secret, now := rand.Text(), p.Now()
	err = p.Grants.Change(r.Context(), "session/"+hash(secret), func(*Grant) (*Grant, error) {
		return &Grant{User: person.ID, Tenant: person.Tenant, SignedIn: now, Expires: now.Add(p.Session)}, nil
	})
	if err != nil {
		p.Logger.ErrorContext(r.Context(), "a session was not kept", "error", err.Error())
		p.page(w, r, http.StatusServiceUnavailable, pageData{Failure: "request"})
		return
	}
	p.setCookie(w, sessionCookie, secret, int(p.Session.Seconds()))
	asked.Del("prompt") // it has been followed
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, pathAuthorize+"?"+asked.Encode(), http.StatusSeeOther) //nolint:gosec // our own path
}

// attempts counts failures by account and by address, in memory.
type attempts struct {
	now   func() time.Time
	mutex sync.Mutex
	count map[string]failures
}

type failures struct {
	number int
	last   time.Time
}

// Limits of failures within a minute.
const (
	perAccount   = 5
	perAddress   = 30
	lockedFor    = time.Minute
	rememberMost = 10000
)

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, count: map[string]failures{}}
}

func (a *attempts) allowed(email, address string) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for key, limit := range map[string]int{"e:" + email: perAccount, "a:" + address: perAddress} {
		f, ok := a.count[key]
		if ok && a.now().Sub(f.last) >= lockedFor {
			delete(a.count, key)
			continue
		}
		if f.number >= limit {
			return false
		}
	}
	return true
}

func (a *attempts) failed(email, address string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if len(a.count) > rememberMost {
		clear(a.count)
	}
	for _, key := range []string{"e:" + email, "a:" + address} {
		f := a.count[key]
		a.count[key] = failures{f.number + 1, a.now()}
	}
}

func (a *attempts) succeeded(email string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.count, "e:"+email)
}
