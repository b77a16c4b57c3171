package doctor

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"container-signing/internal/hint"
	"container-signing/plugin/image-verifier/internal/canary"
	"container-signing/plugin/image-verifier/internal/cri"
	"container-signing/plugin/image-verifier/internal/oneline"
)

// removeLimit bounds the time to remove the canary.
const removeLimit = 30 * time.Second

// What containerd says of an image that a verifier has refused, and of one about
// which it couldn't ask (core/transfer/local/pull.go of containerd, and
// pkg/imageverifier/bindir/bindir.go). The words are looked for where a registry,
// whose answers are in errors too, can't have put them. They are compiled when they
// are needed: the verifier starts without them.
const (
	refusal = `^failed to pull and unpack image "[^"]*": image verifier \S+ blocked pull of \S+ ` +
		`with digest \S+ for reason: verifier (\S+) rejected image (.*)`
	noJudgment = `^failed to pull and unpack image "[^"]*": blocking pull of `
)

// pull pulls an image that must be refused, and removes it if it isn't.
func (f *findings) pull(client *cri.Client, o options) {
	ctx, cancel := within(o.timeout)
	defer cancel()
	image := o.canary
	if image == "" {
		served, err := canary.Serve()
		if err != nil {
			f.unknown(err)
			return
		}
		defer served.Close()
		image = served.Reference
	}
	before, err := client.Names(ctx, image)
	if err != nil {
		f.unknown(fmt.Errorf("looking whether there is an image %q: %w", image, err))
		return
	}
	err = client.Pull(ctx, image)
	if err == nil {
		f.pulled = true
		f.fault(hint.Add(fmt.Errorf("the canary %q was pulled", image),
			"if nothing else is wrong, restart containerd, as its configuration may be newer than its start"))
		f.remove(client, image, before)
		return
	}
	f.judge(image, err)
}

// judge tells what the words of a pull that went wrong mean.
func (f *findings) judge(image string, err error) {
	words := oneline.Of(err.Error())
	refused := regexp.MustCompile(refusal).FindStringSubmatch(words)
	switch {
	case refused != nil && refused[1] == f.own:
		f.refused = true
		f.well("the canary %q is refused: %s", image, refused[2])
	case refused != nil:
		f.unknown(hint.Add(fmt.Errorf("the canary %q is refused by another verifier, %s", image, refused[1]),
			"--canary takes an unsigned image that only this verifier refuses"))
	case regexp.MustCompile(noJudgment).MatchString(words):
		f.fault(hint.Add(
			fmt.Errorf("containerd can't ask verifiers about the canary %q, and every pull fails: %s", image, words),
			"see whether each of them can be run, and answers in time"))
	default:
		f.unknown(hint.Add(fmt.Errorf("the canary %q can't be pulled, and not because of a verifier: %s", image, words),
			"--canary takes an unsigned image of a registry that containerd reaches"))
	}
}

// remove removes what was pulled, unless the node had it, or has it by other
// names, which would be removed too.
func (f *findings) remove(client *cri.Client, image string, before []string) {
	// The time for the pull may be over.
	ctx, cancel := within(removeLimit)
	defer cancel()
	after, err := client.Names(ctx, image)
	if err == nil && len(before) == 0 && len(after) <= 2 { // its tag and its digest
		if err = client.Remove(ctx, image); err == nil {
			return
		}
	}
	if err == nil {
		err = errors.New("the node had it before, or has it by other names")
	}
	f.unknown(hint.Add(fmt.Errorf("the canary %q stays on the node: %w", image, err), "crictl rmi removes it"))
}
