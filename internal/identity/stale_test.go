package identity

import (
	"context"
	"slices"
	"testing"
	"time"

	"ballerine/internal/problem"
)

func TestAnOlderTokenBringsNoRolesBack(t *testing.T) {
	c, h := context.Background(), newGrantHouse()
	people := &Directory{Store: h.memory, Now: func() time.Time { return h.now }}
	token := func(minutes int, roles ...string) Principal {
		p := person("boss", roles...)
		p.IssuedAt = h.now.Add(time.Duration(minutes) * time.Minute)
		return p
	}
	old, demoted := token(0, "admin"), token(1, "auditor")
	_, key, err := h.keys.Create(c, old, CreateKey{Scopes: []string{"cases:read", "cases:decide"}})
	if err != nil {
		t.Fatal(err)
	}
	tokens := tokensOf(t, func() time.Time { return h.now }, make([]byte, 32))
	link, err := tokens.Flow(old, "case_1", "flow_1", h.now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	_, by, err := tokens.ReadFlow(link)
	if err != nil || h.keys.admits(c, by) != nil {
		t.Fatalf("before: %v %v", err, h.keys.admits(c, by))
	}
	bounded := func(when string) {
		t.Helper()
		if may, err := h.may(key); err != nil || slices.Contains(may, CasesDecide) || !slices.Contains(may, CasesRead) {
			t.Errorf("%s: the key may %v, %v", when, may, err)
		}
		if err := h.keys.admits(c, by); problem.CodeOf(err) != problem.CredentialsRevoked {
			t.Errorf("%s: the flow token: %v", when, err)
		}
	}
	register := func(p Principal, want string) {
		t.Helper()
		if kept, err := people.Register(c, p); err != nil || !slices.Equal(kept.Roles, []string{want}) {
			t.Errorf("%v, %v: want %s", kept.Roles, err, want)
		}
	}
	register(demoted, "auditor")
	bounded("demoted")
	register(old, "auditor")
	bounded("with the old token")
	undated := old
	undated.IssuedAt = time.Time{}
	register(undated, "auditor")
	if _, _, err := h.keys.Create(c, old, CreateKey{Scopes: []string{"cases:read", "keys:write"}}); err != nil {
		t.Fatal(err)
	}
	bounded("a key made with the old token")
	register(token(2, "auditor"), "auditor")
	register(token(1, "admin"), "auditor") // the same roles again have made the newer token count
	register(token(3, "admin"), "admin")
	if may, err := h.may(key); err != nil || !slices.Contains(may, CasesDecide) {
		t.Errorf("promoted again: %v %v", may, err)
	}
}
