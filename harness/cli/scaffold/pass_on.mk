# Written by `ocean-sandbox init`: the targets of sandbox.mk, and for every other one {makefile} as it is.
# make reads a GNUmakefile before a {makefile}; `make -f {makefile} TARGET` goes past this file.
.DEFAULT_GOAL := sandbox/default
.PHONY: sandbox/default sandbox/always
include sandbox.mk

sandbox/default:
	@$(MAKE) --no-print-directory -f {makefile}

%: sandbox/always
	@$(MAKE) --no-print-directory -f {makefile} $@

# None of these is to be made by the rule above.
GNUmakefile {makefile} sandbox.mk sandbox/always: ;
