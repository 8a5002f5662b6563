"""Views worth seeing, shipped with an experiment: curves by algorithm for each environment and policy; a table.

The UI of MLflow 3.17 reads a saved view from an experiment tag `mlflow.sharedViewState.{key}`, opens it with
`viewStateShareKey={key}` in the address and lists it under "Views". This is undocumented: where it is not understood,
the tag is ignored and the address opens the plain list of runs. The UI groups only the first 100 runs that match, so a
view shows one environment and one policy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from mlflow.client import MlflowClient

TAG = "mlflow.sharedViewState."
CREATED = 1  # a view has no date; the UI wants a number
TABLE = "all runs"
COLUMNS = [  # algorithm and seed are the name of a run
    *(f"tags.`{name}`" for name in ("policy", "environment", "family", "P", "status")),
    *(f"metrics.`{name}`" for name in ("score", "steps")),
]
CHARTS = (("eval/return", "LINE"), ("score", "BAR"), ("train/return", "LINE"))
SECTION = {"uuid": "curves", "name": "Mean of the seeds", "display": True, "columns": 2, "cardHeight": 400}


def publish(client: MlflowClient, experiment: str, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Write the views of an experiment for its (environment, policy) pairs; returns name -> fragment of the address.

    Views that stand already are left alone.
    """
    views = {TABLE: (_table(), "")}
    views |= {f"{environment} {policy}": (_curves(environment, policy), "CHART") for environment, policy in pairs}
    present = client.get_experiment(experiment).tags
    for name, (state, _) in views.items():
        envelope = {"name": name, "createdAt": CREATED, "updatedAt": CREATED, "state": json.dumps(state)}
        if present.get(TAG + _key(name)) != json.dumps(envelope):
            client.set_experiment_tag(experiment, TAG + _key(name), json.dumps(envelope))
    return {name: _fragment(experiment, name, mode) for name, (_, mode) in views.items()}


def _key(name: str) -> str:
    return name.replace(" ", ".")


def _fragment(experiment: str, name: str, mode: str) -> str:
    query = f"workflowType=machine_learning&compareRunsMode={mode}&viewStateShareKey={quote(_key(name))}"
    return f"/#/experiments/{experiment}/runs?{query}"


def _table() -> dict[str, Any]:
    return {**_state(), "orderByKey": "metrics.`score`"}


def _curves(environment: str, policy: str) -> dict[str, Any]:
    """Runs of one environment and policy, grouped by algorithm."""
    return {
        **_state(),
        "searchFilter": f"tags.environment = '{environment}' and tags.policy = '{policy}'",
        "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": "algorithm"}]},
        "compareRunCharts": [_chart(metric, kind) for metric, kind in CHARTS],
        "compareRunSections": [SECTION],
    }


def _state() -> Mapping[str, Any]:
    """What both views say to the UI."""
    return {
        "searchFilter": "",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": COLUMNS,
        "runsHiddenMode": "SHOWALL",
        "useGroupedValuesInCharts": True,
        "autoRefreshEnabled": True,
    }


def _chart(metric: str, kind: str) -> dict[str, Any]:
    return {
        "uuid": f"chart-{metric}",
        "type": kind,
        "metricSectionId": "curves",
        "metricKey": metric,
        "displayName": metric,
        "runsCountToCompare": 20,
        "deleted": False,
        "isGenerated": False,
        "lineSmoothness": 0,
        "scaleType": "linear",
        "xAxisScaleType": "linear",
        "xAxisKey": "step",
        "selectedXAxisMetricKey": "",
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "range": {},
        "ignoreOutliers": False,
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
    }
