package main

import (
	"context"
	"errors"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/verdict"
)

// A judgement is what `e2e judge` or `e2e attack` has found.
type judgement struct {
	report   *dagger.Directory
	surprise string // the table, if not all is as expected
}

// reportPath is where a container has the report.
const reportPath = "/run/report"

// judge runs a command that judges, with its report at reportPath. That not all
// is as expected is no error; that it came to no verdicts is one.
func judge(ctx context.Context, box *dagger.Container, asked []string, reached ...access) (judgement, error) {
	box, judging, err := reach(ctx, box, asked, reached...)
	if err != nil {
		return judgement{}, err
	}
	box = box.WithExec(judging, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	status, err := box.ExitCode(ctx)
	if err != nil {
		return judgement{}, explain("judging", failure.Given{}, err)
	}
	words, err := box.Stderr(ctx)
	if err != nil {
		return judgement{}, explain("judging", failure.Given{}, err)
	}
	asExpected, err := verdict.Judged(status, words)
	if err != nil {
		return judgement{}, err
	}
	found := judgement{report: box.Directory(reportPath)}
	if asExpected {
		return found, nil
	}
	// Whoever has failed before there was a report has none to read.
	report, missing := found.report.File(verdict.ReportFile).Contents(ctx)
	if err := verdict.Check([]byte(report), status, words); err != nil {
		return judgement{}, errors.Join(err, missing)
	}
	found.surprise, err = found.report.File(verdict.TableFile).Contents(ctx)
	return found, err
}

// folder is the report, unless a surprise in it isn't to be tolerated.
func (j judgement) folder(tolerate bool) (*dagger.Directory, error) {
	if !tolerate && j.surprise != "" {
		return nil, errors.New(j.surprise)
	}
	return j.report, nil
}
