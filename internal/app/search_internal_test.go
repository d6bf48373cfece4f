package app

import (
	"bytes"
	"testing"
)

func TestTheSearchKeepsItsKeyWhenOtherSecretsComeAndGo(t *testing.T) {
	a, b, c := []byte("a"), []byte("b"), []byte("c")
	want := searchKey(Parts{SigningSecrets: [][]byte{a}})
	for name, parts := range map[string]Parts{
		"a new one in front":          {SigningSecrets: [][]byte{b, a}},
		"one in the middle was taken": {SigningSecrets: [][]byte{c, a, b}, SearchSecret: a},
	} {
		if !bytes.Equal(searchKey(parts), want) {
			t.Errorf("%s: another key", name)
		}
	}
	if bytes.Equal(searchKey(Parts{SigningSecrets: [][]byte{b}}), want) || searchKey(Parts{}) != nil {
		t.Error("the key does not follow from the secret")
	}
}
