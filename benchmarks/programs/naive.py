"""This command, if it imported everything at its top."""

import argparse
import asyncio
import json
import sys

import numpy
import pydantic
import rich.live
import rich.progress
import rich.table
import structlog
import yaml

import runner.describe.plan.planning
import runner.describe.schema.file_schema
import runner.jobtypes.shared_counter
import runner.report.terminal.event_printer
import runner.report.terminal.live
import runner.report.terminal.summary
import runner.session
from runner.cli import main

if __name__ == "__main__":
    sys.exit(main())
