package fault

import (
	"context"
	"time"

	"container-signing/e2e/internal/report"
)

// A Step shows something that is done, by its name.
type Step func(name string, do func() error) error

// Run brings the faults about, one after the other, and judges each. Its error
// says that not all could be judged.
func (p *Place) Run(ctx context.Context, faults []Fault, step Step) (verdicts []report.Verdict, err error) {
	ctx, cancel := context.WithCancel(ctx)
	watched, done, err := watchWebhooks(ctx, p.client)
	if err != nil {
		cancel()
		return nil, err
	}
	actors := p.actors()
	traffic := start(ctx, actors)
	defer func() {
		cancel()
		traffic.end()
		done()
	}()
	t := &trial{
		actors: actors, ledger: traffic.ledger, limit: defaultLimit, since: time.Now(),
		admitted: p.admitted, gaps: watched.between, running: p.Running,
	}
	for _, one := range faults {
		err := step("fault: "+one.Name, func() error {
			verdict, err := t.of(ctx, one)
			verdicts = append(verdicts, verdict)
			return err
		})
		if err != nil {
			return verdicts, err
		}
	}
	return verdicts, nil
}
