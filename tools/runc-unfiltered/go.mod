module container-signing/tools/runc-unfiltered

go 1.26.0
