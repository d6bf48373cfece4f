package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/webhook"
)

// shards are the stream of the cases table, with the filter of template.yaml. Lambda reads each in order, and repeats a batch that fails.
type shards struct {
	chaos  *chaos
	mutex  sync.Mutex
	all    [4][]streamed
	failed [4]int
	lost   int                             // batches in the queue of failures
	sample map[string]types.AttributeValue // an effect that was inserted
}

type streamed struct {
	at     time.Time
	record map[string]any
}

const (
	mostRecords  = 100
	mostAttempts = 6 // one, and MaximumRetryAttempts
)

func newShards(c *chaos) *shards { return &shards{chaos: c} }

func (s *shards) inserted(table string, images []map[string]types.AttributeValue) {
	if table != s.chaos.tables.Cases {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, image := range images {
		pk, sk := memberText(image["pk"]), memberText(image["sk"])
		if !strings.HasPrefix(sk, "effect#") {
			continue
		}
		s.sample = image
		text := func(value string) map[string]any { return map[string]any{"S": value} }
		record := map[string]any{"eventName": "INSERT", "dynamodb": map[string]any{"Keys": map[string]any{"pk": text(pk), "sk": text(sk)}, "NewImage": map[string]any{"doc": text(memberText(image["doc"]))}}}
		n := crc32.ChecksumIEEE([]byte(pk)) % uint32(len(s.all))
		s.all[n] = append(s.all[n], streamed{s.chaos.clock.Now(), record})
	}
}

// poisoned puts one more effect like the last one into the table, whose text nobody can read.
func (s *shards) poisoned() {
	s.mutex.Lock()
	poison := maps.Clone(s.sample)
	s.mutex.Unlock()
	key := memberText(poison["sk"])
	poison["sk"] = &types.AttributeValueMemberS{Value: key[:strings.LastIndex(key, "#")+1] + strings.Repeat("9", len(key)-strings.LastIndex(key, "#")-1)}
	poison["doc"] = &types.AttributeValueMemberS{Value: "{"}
	if _, err := s.chaos.database.Client().PutItem(s.chaos.t.Context(), &dynamodb.PutItemInput{TableName: &s.chaos.tables.Cases, Item: poison}); err != nil {
		s.chaos.t.Fatal(err)
	}
}

func memberText(value types.AttributeValue) string {
	if text, ok := value.(*types.AttributeValueMemberS); ok {
		return text.Value
	}
	return ""
}

// read hands the next batch of each shard to dispatch.
func (s *shards) read(ctx context.Context) {
	for n := range s.all {
		s.mutex.Lock()
		batch := append([]streamed{}, s.all[n][:min(mostRecords, len(s.all[n]))]...)
		s.mutex.Unlock()
		if len(batch) == 0 {
			continue
		}
		s.chaos.cloud.put("AWS/Lambda", "IteratorAge", float64(s.chaos.clock.Now().Sub(batch[0].at).Milliseconds()), "FunctionName", s.chaos.cloud.deployed.Name+"-dispatch")
		_, err := s.chaos.invoke(ctx, "dispatch", s.event(batch))
		s.mutex.Lock()
		s.failed[n]++
		if err == nil || s.failed[n] == mostAttempts {
			if err != nil {
				s.lost++
			}
			s.failed[n], s.all[n] = 0, s.all[n][len(batch):]
		}
		s.mutex.Unlock()
	}
}

// event is a batch as Lambda hands it over. In a storm records come twice, and in another order: what is of one case is, in the
// worst case, from two shards.
func (s *shards) event(batch []streamed) []byte {
	var records []map[string]any
	for _, one := range batch {
		records = append(records, one.record)
		if s.chaos.strikes("records twice", 0.05) {
			records = append(records, one.record)
		}
	}
	if s.chaos.strikes("batches out of order", 0.3) {
		s.chaos.mutex.Lock()
		s.chaos.random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		s.chaos.mutex.Unlock()
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		s.chaos.t.Error(err)
	}
	return text
}

// chaosQueue is a queue of SQS: messages come late, twice, or not at all.
type chaosQueue struct {
	chaos    *chaos
	name     string // of infra/delivery.yaml
	mutex    sync.Mutex
	messages []queuedMessage
	number   int
	down     atomic.Bool // it takes no messages
	unread   atomic.Bool // nobody asks it for messages
	given    int         // messages in its queue of failures
}

type queuedMessage struct {
	id       string
	put, due time.Time
	body     string
	received int
}

var errQueueDown = errors.New("the queue does not take messages")

func (q *chaosQueue) put(body string, after time.Duration) {
	if q.chaos.strikes("messages lost", 0.03) {
		return
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.number++
	now := q.chaos.clock.Now()
	q.messages = append(q.messages, queuedMessage{id: fmt.Sprintf("m%d", q.number), put: now, due: now.Add(after), body: body})
}

// Put implements webhook.Queue.
func (q *chaosQueue) Put(_ context.Context, attempts []webhook.Queued) error {
	if q.down.Load() {
		return errQueueDown
	}
	for _, attempt := range attempts {
		body, err := json.Marshal(attempt)
		if err != nil {
			return err
		}
		q.put(string(body), attempt.After)
		if q.chaos.strikes("messages twice", 0.05) {
			q.put(string(body), attempt.After)
		}
	}
	return nil
}

// Wake implements task.Waker.
func (q *chaosQueue) Wake(_ context.Context, pauses []time.Duration) error {
	for _, pause := range pauses {
		q.put(`{}`, pause)
	}
	return nil
}

// receive hands what is due to the function, in batches; what it returns is delivered again, five times in total.
func (q *chaosQueue) receive(ctx context.Context, function string) {
	const batchSize, visibility, mostReceived = 10, 2 * time.Minute, 5
	for range 100 {
		if q.unread.Load() {
			return
		}
		batch := q.take(batchSize, visibility)
		if len(batch) == 0 {
			return
		}
		var records []any
		for _, m := range batch {
			records = append(records, map[string]any{"messageId": m.id, "body": m.body})
		}
		payload, _ := json.Marshal(map[string]any{"Records": records})
		answer, err := q.chaos.invoke(ctx, function, payload)
		var failures struct {
			Items []struct {
				ID string `json:"itemIdentifier"`
			} `json:"batchItemFailures"`
		}
		_ = json.Unmarshal(answer, &failures)
		again := map[string]bool{}
		for _, item := range failures.Items {
			again[item.ID] = true
		}
		for _, m := range batch {
			if err == nil && !again[m.id] || m.received >= mostReceived {
				q.remove(m.id, err != nil || again[m.id])
			}
		}
	}
}

func (q *chaosQueue) take(most int, visibility time.Duration) (batch []queuedMessage) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	now := q.chaos.clock.Now()
	for i := range q.messages {
		if m := &q.messages[i]; len(batch) < most && !m.due.After(now) {
			m.due = now.Add(visibility)
			m.received++
			batch = append(batch, *m)
		}
	}
	return batch
}

func (q *chaosQueue) remove(id string, failed bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for i, m := range q.messages {
		if m.id == id {
			q.messages = append(q.messages[:i], q.messages[i+1:]...)
			break
		}
	}
	if failed {
		q.given++
	}
}

// waiting is how long the oldest message that is due has waited for somebody to take it.
func (q *chaosQueue) waiting() (age time.Duration) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for _, m := range q.messages {
		age = max(age, q.chaos.clock.Now().Sub(m.due))
	}
	return age
}

// screener is a vendor.
type screener struct {
	server *httptest.Server
	down   atomic.Bool
	chaos  atomic.Pointer[chaos]
	mutex  sync.Mutex
	asked  map[string]map[string]bool // case -> Idempotency-Key
}

func newScreener(t *testing.T) *screener {
	v := &screener{asked: map[string]map[string]bool{}}
	v.server = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.server.Close)
	return v
}

func (v *screener) serve(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Reference string `json:"reference"`
	}
	err := json.NewDecoder(r.Body).Decode(&request)
	v.mutex.Lock()
	if v.asked[request.Reference] == nil {
		v.asked[request.Reference] = map[string]bool{}
	}
	v.asked[request.Reference][r.Header.Get("Idempotency-Key")] = true
	v.mutex.Unlock()
	if c := v.chaos.Load(); err != nil || v.down.Load() || c != nil && c.strikes("vendor down", 0.05) {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"score":%d}`, crc32.ChecksumIEEE([]byte(request.Reference))%100)
}

// keys is by how many Idempotency-Keys the vendor was asked about a case.
func (v *screener) keys(id string) int {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return len(v.asked[id])
}

// hearers are two receivers of webhooks: one accepts them, one is dead.
type hearers struct {
	server *httptest.Server
	mutex  sync.Mutex
	heard  map[string]map[string]int // type -> case -> how many different events
	ids    map[string]bool
}

func newHearers(t *testing.T) *hearers {
	h := &hearers{heard: map[string]map[string]int{}, ids: map[string]bool{}}
	h.server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.server.Close)
	return h
}

func (h *hearers) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/dead" {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var event struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Data struct {
			Case string `json:"case"`
		} `json:"data"`
	}
	if json.NewDecoder(r.Body).Decode(&event) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.ids[event.ID] {
		return
	}
	h.ids[event.ID] = true
	if h.heard[event.Type] == nil {
		h.heard[event.Type] = map[string]int{}
	}
	h.heard[event.Type][event.Data.Case]++
}

func (h *hearers) times(kind, id string) int {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.heard[kind][id]
}
