package ownership

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// web is a structure of n companies. Each has owners among the companies and one person; those among the next few make circles of circles.
func web(n, span int) Structure {
	random := rand.New(rand.NewPCG(1, 2))
	s := Structure{Subject: "C0"}
	for c := range n {
		id := fmt.Sprintf("C%d", c)
		s.Parties = append(s.Parties, Party{ID: id, Kind: Company}, Party{ID: "p" + id, Kind: Person})
		left := int64(10000)
		own := func(owner string, part int64) {
			share := Exactly(big.NewRat(part, 10000))
			s.Links = append(s.Links, Link{Owner: owner, Company: id, Interest: Shareholding, Share: &share})
		}
		for range 3 {
			part := random.Int64N(left / 2)
			left -= part
			own(fmt.Sprintf("C%d", max(0, min(n-1, c-span/2+random.IntN(span)))), part)
		}
		own("p"+id, left/2)
	}
	return s
}

func BenchmarkAssess(b *testing.B) {
	for _, size := range []struct{ companies, span int }{{1000, 10}, {1000, 1000}, {10000, 10}, {10000, 10000}} {
		s := web(size.companies/2, size.span)
		b.Run(fmt.Sprintf("parties=%d/span=%d", size.companies, size.span), func(b *testing.B) {
			for b.Loop() {
				if _, err := Assess(s, Rules()[0], today); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
