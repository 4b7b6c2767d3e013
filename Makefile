# 两条命令：make plan（建环境、跑示例），make test（跑测试）。Windows 用 python bootstrap.py plan。
PYTHON ?= python3

.PHONY: plan test env lint

plan:
	$(PYTHON) bootstrap.py plan

test:
	$(PYTHON) bootstrap.py test

env:
	$(PYTHON) bootstrap.py env

lint:
	$(PYTHON) bootstrap.py lint
