package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "172.15.0.1": true, "172.32.0.1": true, "100.63.255.255": true, "2606:4700::1111": true, "2a00:1450::5": true,
		"127.0.0.1": false, "127.8.9.1": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false,
		"169.254.169.254": false, "169.254.170.2": false, "100.64.0.1": false, "100.100.100.200": false, "168.63.129.16": false,
		"0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false, "239.1.1.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"192.0.0.170": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.7": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false, "fec0::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:8.8.8.8": true,
		"::7f00:1": false, "64:ff9b::7f00:1": false, "64:ff9b::808:808": false, "64:ff9b:1::a00:1": false,
		"2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false, "100::1": false, "3fff::1": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("Public(%s) = %v", text, got)
		}
	}
	if public(netip.Addr{}) {
		t.Error("the zero address is public")
	}
}

// Whatever IPv4 address is refused, is refused in its mapped form too.
func TestMappedAddressesAreJudgedAsWhatTheyMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v4 := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")))
		if public(v4) != public(netip.AddrFrom16(v4.As16())) {
			t.Fatalf("%v is judged differently when mapped", v4)
		}
	})
}

func serve(t *testing.T, secure bool, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	if secure {
		server := httptest.NewTLSServer(handler)
		t.Cleanup(server.Close)
		return server
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func trusting(server *httptest.Server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func TestLoopbackIsReachedOnlyWhenAllowed(t *testing.T) {
	called := 0
	plain := serve(t, false, func(http.ResponseWriter, *http.Request) { called++ })
	secure := serve(t, true, func(http.ResponseWriter, *http.Request) { called++ })
	for name, c := range map[string]struct {
		url     string
		options Options
		ok      bool
	}{
		"http, refused":    {plain.URL, Options{}, false},
		"https, refused":   {secure.URL, Options{TLS: trusting(secure)}, false},
		"http, allowed":    {plain.URL, Options{AllowLoopback: true}, true},
		"https, allowed":   {secure.URL, Options{AllowLoopback: true, TLS: trusting(secure)}, true},
		"another protocol": {"ftp://127.0.0.1/", Options{AllowLoopback: true}, false},
	} {
		called = 0
		answer, err := NewClient(c.options).Get(c.url)
		if err == nil {
			_ = answer.Body.Close()
		}
		if (err == nil) != c.ok || (called == 1) != c.ok {
			t.Errorf("%s: called %d times, %v", name, called, err)
		}
		if !c.ok && (!errors.Is(err, errRefusedAddress) || Classify(err) != RefusedAddress) {
			t.Errorf("%s: %v is not a refusal", name, err)
		}
	}
}

func TestPlainHTTPNeverLeavesTheMachine(t *testing.T) {
	for _, address := range []string{"8.8.8.8:80", "[2606:4700::1111]:80", "10.0.0.1:80"} {
		if err := control(true, true)("tcp4", address, nil); !errors.Is(err, errRefusedAddress) {
			t.Errorf("plain http may go to %s", address)
		}
	}
	if err := control(true, false)("tcp4", "8.8.8.8:443", nil); err != nil {
		t.Errorf("https may not go out: %v", err)
	}
	if err := control(true, false)("unix", "/tmp/socket", nil); !errors.Is(err, errRefusedAddress) {
		t.Error("a socket file may be dialled")
	}
}

// The guard looks at the address after resolution: a harmless name that resolves to a private address does not pass.
func TestANameThatResolvesToAPrivateAddressIsRefused(t *testing.T) {
	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	go answerDNS(dns, [4]byte{169, 254, 169, 254})
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", dns.LocalAddr().String())
	}}
	_, err = NewClient(Options{Resolver: resolver}).Get("https://rebind.example/")
	if Classify(err) != RefusedAddress {
		t.Fatalf("got %v", err)
	}
}

// answerDNS answers every A question with the address and every other one with nothing.
func answerDNS(socket net.PacketConn, address [4]byte) {
	buffer := make([]byte, 512)
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		end := 12
		for end < n && buffer[end] != 0 {
			end += int(buffer[end]) + 1
		}
		end += 5
		answer := append([]byte{buffer[0], buffer[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, buffer[12:end]...)
		if buffer[end-3] == 1 {
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
			answer = append(answer, address[:]...)
		}
		if _, err := socket.WriteTo(answer, from); err != nil {
			return
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	followed := false
	server := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/next" {
			followed = true
		}
		http.Redirect(w, r, "/next", http.StatusFound)
	})
	answer, err := NewClient(Options{AllowLoopback: true}).Get(server.URL)
	if err != nil || answer.StatusCode != http.StatusFound || followed {
		t.Fatalf("status %v, followed %v, %v", answer, followed, err)
	}
	_ = answer.Body.Close()
}

func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	client := NewClient(Options{}).Transport.(*transport)
	if client.secure.Proxy != nil || client.plain.Proxy != nil {
		t.Fatal("a proxy would dial past the guard")
	}
}

func TestFailuresAreNamedWithoutTheURL(t *testing.T) {
	release := make(chan struct{})
	slow := serve(t, false, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	secure := serve(t, true, func(http.ResponseWriter, *http.Request) {})
	closed := serve(t, false, func(http.ResponseWriter, *http.Request) {})
	closed.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		url  string
		want Failure
	}{
		"slow":      {t.Context(), slow.URL, TimedOut},
		"untrusted": {t.Context(), secure.URL, BadTLS},
		"closed":    {t.Context(), closed.URL, NoConnection},
		"cancelled": {cancelled, slow.URL, Cancelled},
	} {
		request, _ := http.NewRequestWithContext(c.ctx, http.MethodGet, c.url+"?token=secret", nil)
		timeout := time.Minute
		if c.want == TimedOut {
			timeout = 50 * time.Millisecond
		}
		_, err := NewClient(Options{AllowLoopback: true, Timeout: timeout}).Do(request)
		if got := Classify(err); got != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestURLsAreCheckedBeforeTheyAreKept(t *testing.T) {
	for _, c := range []struct {
		url      string
		loopback bool
		codes    string
	}{
		{"https://example.com/hooks?x=1", false, ""},
		{"https://8.8.8.8:8443/", false, ""},
		{"http://127.0.0.1:9000/hook", true, ""},
		{"http://localhost:9000/hook", true, ""},
		{"https://localhost/", true, ""},
		{"http://[::1]/", true, ""},
		{"", false, "required"},
		{"://", false, "format"},
		{"https://exa mple.com/", false, "format"},
		{"https://example.com/a\nb", false, "format"},
		{"https://example.com/" + strings.Repeat("a", 2048), false, "too_long"},
		{"http://example.com/", false, "scheme"},
		{"http://example.com/", true, "scheme"},
		{"ftp://example.com/", true, "scheme"},
		{"https:///path", false, "host"},
		{"example.com/hook", false, "scheme host"},
		{"https://user:pass@example.com/#top", false, "credentials fragment"},
		{"https://localhost/", false, "refused_address"},
		{"https://127.0.0.1/", false, "refused_address"},
		{"https://[::ffff:127.0.0.1]/", false, "refused_address"},
		{"https://169.254.169.254/latest/meta-data", true, "refused_address"},
		{"https://10.1.2.3/", true, "refused_address"},
		{"https://[fd00:ec2::254]/", false, "refused_address"},
		{"https://2130706433/", false, "refused_address"},
		{"https://127.1/", false, "refused_address"},
		{"https://0x7f.1/", false, "refused_address"},
		{"https://intranet/", false, "refused_address"},
		{"https://db.internal./", false, "refused_address"},
		{"https://printer.local/", false, "refused_address"},
		{"http://user@10.0.0.1/", false, "scheme refused_address credentials"},
	} {
		var codes []string
		for _, field := range CheckURL(c.url, "body.url", c.loopback) {
			codes = append(codes, field.Code)
			if field.Location != "body.url" || (len(c.url) > 8 && strings.Contains(field.Message, c.url)) {
				t.Errorf("%s: bad field %+v", c.url, field)
			}
		}
		if got := strings.Join(codes, " "); got != c.codes {
			t.Errorf("CheckURL(%q, loopback %v) = %q, want %q", c.url, c.loopback, got, c.codes)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, raw := range []string{"https://example.com/", "http://127.0.0.1/", "https://[::1%25eth0]/", "https://0x7f.1", "//a", "https://a@b:c/"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if len(CheckURL(raw, "url", false)) > 0 {
			return
		}
		target, err := url.Parse(raw)
		if err != nil || target.Scheme != "https" || target.Hostname() == "" || target.User != nil {
			t.Errorf("%q passes", raw)
		}
		if address, err := netip.ParseAddr(target.Hostname()); err == nil && !public(address) {
			t.Errorf("%q passes", raw)
		}
	})
}
