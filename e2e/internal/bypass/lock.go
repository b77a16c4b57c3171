package bypass

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"container-signing/e2e/internal/report"
)

// A Lock is the image verifier of a node, with the doctor that tells whether
// containerd asks it, on a node on which the caller is an administrator.
type Lock struct {
	Runtime Runtime
	// Remove removes an image from the node.
	Remove func(ctx context.Context, reference string) error
	// TakeOff takes the lock off, by a setting in a file of containerd's
	// configuration, so that nothing is pulled meanwhile but by hand.
	TakeOff       func(context.Context) error
	Setting, File string
	// Doctor returns the doctor's exit status, and what it shows.
	Doctor func(context.Context) (status int, text string, err error)
}

// The doctor's exit statuses (plugin/image-verifier/internal/doctor).
const (
	statusOn  = 0
	statusOff = 1
)

var (
	lockOff = way{"doctor/lock-off", "unsigned", nil}
	lockOn  = way{"doctor/lock-on", "unsigned", unsigned}
)

// JudgeOff takes the lock off, and judges whether an unsigned image is pulled
// then, and whether the doctor names what has taken it off, and in which file.
// That ctx ends is no verdict: it returns the cause of that.
func (l Lock) JudgeOff(ctx context.Context, cluster Cluster) (report.Verdict, error) {
	return l.judge(ctx, cluster, lockOff, l.TakeOff, func(status int, text string) error {
		fault := regexp.MustCompile(
			`(?m)^✗ ` + regexp.QuoteMeta(l.Setting) + ` in "` + regexp.QuoteMeta(l.File) + `"`)
		switch {
		case status != statusOff:
			return fmt.Errorf("the doctor doesn't notice that the lock is off: exit status %d", status)
		case !fault.MatchString(text):
			return fmt.Errorf("the doctor doesn't name %q in %q", l.Setting, l.File)
		case !strings.Contains(text, "was pulled"):
			return fmt.Errorf("the doctor hasn't pulled its canary")
		}
		return nil
	})
}

// JudgeOn judges whether the unsigned image is refused, and whether the doctor
// says that the lock is on.
func (l Lock) JudgeOn(ctx context.Context, cluster Cluster) (report.Verdict, error) {
	return l.judge(ctx, cluster, lockOn, nil, func(status int, text string) error {
		switch {
		case status != statusOn:
			return fmt.Errorf("the doctor doesn't find the lock on: exit status %d", status)
		case !strings.Contains(text, "is refused"):
			return fmt.Errorf("the doctor's canary isn't refused")
		}
		return nil
	})
}

// judge pulls the unsigned image by hand, and asks the doctor. Nothing of what
// either has pulled is left.
func (l Lock) judge(
	ctx context.Context, cluster Cluster, w way, prepare func(context.Context) error,
	check func(status int, text string) error,
) (report.Verdict, error) {
	image := cluster.Images[w.image]
	return try{prepare: prepare, judge: func(ctx context.Context) report.Verdict {
		verdict := pullWay{w, l.Runtime.Pull}.judge(ctx, image, l.Runtime.Has)
		err := l.askDoctor(ctx, check)
		if verdict.Seen == report.Admitted {
			err = errors.Join(err, l.removeAll(ctx, image.Reference))
		}
		switch {
		case err != nil && verdict.Failure == "":
			verdict.Passed, verdict.Short, verdict.Failure = false, "", err.Error()
		case verdict.Passed && w.because == nil:
			verdict.Detail = fmt.Sprintf("pulled with %s; the doctor names it and its file", l.Setting)
		}
		return verdict
	}}.do(ctx, cluster.limit())
}

var canary = regexp.MustCompile(`canary "([^"]+)"`)

// askDoctor checks what the doctor says, and that its canary isn't left.
func (l Lock) askDoctor(ctx context.Context, check func(status int, text string) error) error {
	status, text, err := l.Doctor(ctx)
	if err != nil {
		return err
	}
	if err := check(status, text); err != nil {
		return fmt.Errorf("%w; it says: %s", err, strings.Join(strings.Fields(text), " "))
	}
	named := canary.FindStringSubmatch(text)
	if named == nil {
		return fmt.Errorf("the doctor names no canary; it says: %s", strings.Join(strings.Fields(text), " "))
	}
	return l.checkGone(ctx, named[1])
}

// removeAll removes an image that was pulled by hand.
func (l Lock) removeAll(ctx context.Context, reference string) error {
	if err := l.Remove(ctx, reference); err != nil {
		return err
	}
	return l.checkGone(ctx, reference)
}

func (l Lock) checkGone(ctx context.Context, reference string) error {
	there, err := l.Runtime.Has(ctx, reference)
	if err == nil && there {
		err = fmt.Errorf("image %q is left on the node", reference)
	}
	return err
}
