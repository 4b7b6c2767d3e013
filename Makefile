# 两条命令：make plan（建环境、跑示例），make test（跑测试）。Windows 用 python bootstrap.py plan。
# 另有：make lab 打开笔记本，make search 随机找错，make mutants 改坏代码看测试能否发现。
PYTHON ?= python3

.PHONY: plan test env lint lab search mutants release

plan:
	$(PYTHON) bootstrap.py plan

test:
	$(PYTHON) bootstrap.py test

env:
	$(PYTHON) bootstrap.py env

lint:
	$(PYTHON) bootstrap.py lint

lab:
	$(PYTHON) bootstrap.py lab

search:
	$(PYTHON) bootstrap.py search

mutants:
	$(PYTHON) bootstrap.py mutants

release:
	$(PYTHON) bootstrap.py release
