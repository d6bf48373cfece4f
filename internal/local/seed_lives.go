package local

import "ballerine/internal/local/sandbox"

// demoCast is what the sandbox vendors know of the demo cases' people.
func demoCast() map[string]sandbox.Part {
	cast := map[string]sandbox.Part{}
	for _, l := range demoLives() {
		if part := l.part; part.Status != "" || part.Score > 0 || len(part.Hits) > 0 || part.Fails > 0 || part.Down != "" || part.Callback > 0 {
			cast[l.given+" "+l.family] = part
		}
	}
	return cast
}

func demoLives() []*demoLife {
	return []*demoLife{
		someone("Lena", "Brandt", "F", "DE", "1988-03-14").applies(30*day, 20*minute, passport(asItIs), selfie(asItIs)),
	}
}
