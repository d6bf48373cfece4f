package fair

import (
	"context"
	"sync"
)

// Limits of a pool; all must be at least 1.
type Limits struct {
	Total       int // jobs at once
	PerTenant   int // of those, of one tenant
	PerReceiver int // of those, for one receiver of a tenant
	Waiting     int // jobs of one tenant that wait; more are refused
}

// Pool runs jobs side by side within its limits, taking tenants in turns, and a tenant's receivers in turns. The jobs of
// one receiver begin in their order. A job must end by itself: give it a deadline. The zero Pool is not usable: see New.
type Pool struct {
	limits Limits

	mutex   sync.Mutex
	tenants map[string]*tenant // that have jobs
	turn    []*tenant          // with jobs that wait, next one first
	running int
	waiting int
	idle    chan struct{} // closed while there are no jobs
}

type tenant struct {
	name      string
	receivers map[string]*receiver // that have jobs
	turn      []*receiver          // with jobs that wait
	running   int
	waiting   int
}

type receiver struct {
	name    string
	jobs    []func()
	running int
}

// New makes a Pool without jobs.
func New(limits Limits) *Pool {
	p := &Pool{limits: limits, tenants: map[string]*tenant{}, idle: make(chan struct{})}
	close(p.idle)
	return p
}

// Go runs the job when its turn comes, and reports whether it will run: not if too many of the tenant's jobs wait already.
func (p *Pool) Go(tenantName, receiverName string, job func()) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	t, ok := p.tenants[tenantName]
	if !ok {
		t = &tenant{name: tenantName, receivers: map[string]*receiver{}}
	}
	if t.waiting >= p.limits.Waiting {
		return false
	}
	p.tenants[tenantName] = t
	r, ok := t.receivers[receiverName]
	if !ok {
		r = &receiver{name: receiverName}
		t.receivers[receiverName] = r
	}
	if p.running+p.waiting == 0 {
		p.idle = make(chan struct{})
	}
	if r.jobs = append(r.jobs, job); len(r.jobs) == 1 {
		t.turn = append(t.turn, r)
	}
	if t.waiting++; t.waiting == 1 {
		p.turn = append(p.turn, t)
	}
	p.waiting++
	p.start()
	return true
}

// start begins all jobs that the limits allow. The mutex is held.
func (p *Pool) start() {
	for p.running < p.limits.Total {
		t, r := p.next()
		if t == nil {
			return
		}
		job := r.jobs[0]
		r.jobs[0], r.jobs = nil, r.jobs[1:]
		p.waiting, t.waiting = p.waiting-1, t.waiting-1
		p.running, t.running, r.running = p.running+1, t.running+1, r.running+1
		if len(r.jobs) > 0 {
			t.turn = append(t.turn, r)
		}
		if t.waiting > 0 {
			p.turn = append(p.turn, t)
		}
		go p.run(t, r, job)
	}
}

// next takes the tenant and the receiver whose turn it is out of the turns; those at their limit are passed over. At most
// Total/PerTenant tenants, and PerTenant/PerReceiver receivers of each, can be at it: the search is short.
func (p *Pool) next() (*tenant, *receiver) {
	for range len(p.turn) {
		t := p.turn[0]
		p.turn = p.turn[1:]
		if t.running < p.limits.PerTenant {
			for range len(t.turn) {
				r := t.turn[0]
				t.turn = t.turn[1:]
				if r.running < p.limits.PerReceiver {
					return t, r
				}
				t.turn = append(t.turn, r)
			}
		}
		p.turn = append(p.turn, t)
	}
	return nil, nil
}

func (p *Pool) run(t *tenant, r *receiver, job func()) {
	defer func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.running, t.running, r.running = p.running-1, t.running-1, r.running-1
		p.forget(t, r)
		p.start()
		p.settle()
	}()
	job()
}

// forget drops a receiver and a tenant without jobs.
func (p *Pool) forget(t *tenant, r *receiver) {
	if r.running == 0 && len(r.jobs) == 0 {
		delete(t.receivers, r.name)
	}
	if t.running == 0 && t.waiting == 0 {
		delete(p.tenants, t.name)
	}
}

func (p *Pool) settle() {
	if p.running+p.waiting == 0 {
		close(p.idle)
	}
}

// Wait returns when there are no jobs, or when ctx ends.
func (p *Pool) Wait(ctx context.Context) error {
	p.mutex.Lock()
	idle := p.idle
	p.mutex.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Busy states how many jobs run or wait.
func (p *Pool) Busy() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.running + p.waiting
}
