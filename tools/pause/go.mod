module container-signing/tools/pause

go 1.26.0
