"""Recurrent and temporal networks."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "recurrent"


class LSTMTagger(nn.Module):
    """The tagger of the tutorial Sequence Models and LSTM Networks."""

    def __init__(self, embedding_dim: int, hidden_dim: int, vocab: int, tagset: int) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.word_embeddings = nn.Embedding(vocab, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim)
        self.hidden2tag = nn.Linear(hidden_dim, tagset)

    def forward(self, sentence: Tensor) -> Tensor:
        embeds = self.word_embeddings(sentence)
        lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        tag_space = self.hidden2tag(lstm_out.view(len(sentence), -1))
        tag_scores = F.log_softmax(tag_space, dim=1)
        return tag_scores


@published(FAMILY)
def lstm_tagger() -> Case:
    words, tags = torch.tensor([0, 1, 2, 3, 4]), torch.tensor([0, 1, 2, 0, 1])
    return Case(LSTMTagger(6, 6, 9, 3), words, tags, nn.NLLLoss())


class LSTMClassifier(nn.Module):
    """yunjey/pytorch-tutorial's recurrent network on rows of an image."""

    def __init__(self, input_size: int, hidden_size: int, num_layers: int, classes: int) -> None:
        super().__init__()
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.lstm = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, classes)

    def forward(self, x: Tensor) -> Tensor:
        h0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size).to(x.device, x.dtype)
        c0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size).to(x.device, x.dtype)
        out, _ = self.lstm(x, (h0, c0))
        out = self.fc(out[:, -1, :])
        return out


@published(FAMILY)
def lstm_two_layers() -> Case:
    return Case(LSTMClassifier(5, 6, 2, 3), torch.randn(1, 6, 5), torch.tensor([2]))


class SentimentGRU(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 5, padding_idx=0)
        self.gru = nn.GRU(5, 4, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(8, 1)
        self.dropout = nn.Dropout(0.5)

    def forward(self, text: Tensor) -> Tensor:
        embedded = self.dropout(self.embedding(text))
        _, hidden = self.gru(embedded)
        hidden = self.dropout(torch.cat((hidden[-2, :, :], hidden[-1, :, :]), dim=1))
        return self.fc(hidden).squeeze(1)


@published(FAMILY)
def gru_bidirectional() -> Case:
    text = torch.tensor([[3, 5, 1, 7, 0], [2, 2, 9, 11, 4]])
    return Case(SentimentGRU(), text, torch.tensor([1.0, 0.0]), nn.BCEWithLogitsLoss())


class NameRNN(nn.Module):
    """The network of the tutorial NLP From Scratch, a step at a time, with its loop."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def step(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        combined = torch.cat((x, hidden), 1)
        hidden = self.i2h(combined)
        output = self.softmax(self.i2o(combined))
        return output, hidden

    def forward(self, line: Tensor) -> Tensor:
        hidden = line.new_zeros(1, self.hidden_size)
        for i in range(line.size()[0]):
            output, hidden = self.step(line[i], hidden)
        return output


@published(FAMILY)
def name_rnn() -> Case:
    line = F.one_hot(torch.tensor([[2], [0], [4], [1]]), 6).float()
    return Case(NameRNN(6, 5, 3), line, torch.tensor([1]), nn.NLLLoss())


class TimeSequence(nn.Module):
    """pytorch/examples' time_sequence_prediction, with fewer units."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm1 = nn.LSTMCell(1, 5)
        self.lstm2 = nn.LSTMCell(5, 5)
        self.linear = nn.Linear(5, 1)

    def forward(self, x: Tensor, future: int = 0) -> Tensor:
        outputs = []
        h_t = torch.zeros(x.size(0), 5, dtype=torch.double)
        c_t = torch.zeros(x.size(0), 5, dtype=torch.double)
        h_t2 = torch.zeros(x.size(0), 5, dtype=torch.double)
        c_t2 = torch.zeros(x.size(0), 5, dtype=torch.double)
        for input_t in x.split(1, dim=1):
            h_t, c_t = self.lstm1(input_t, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        for _ in range(future):
            h_t, c_t = self.lstm1(output, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        return torch.cat(outputs, dim=1)


@published(FAMILY)
def time_sequence_prediction() -> Case:
    wave = torch.sin(torch.arange(7) / 2).unsqueeze(0).double()
    return Case(TimeSequence().double(), wave[:, :-1], wave[:, 1:], nn.MSELoss())


class ConvLSTMCell(nn.Module):
    """ndrplz/ConvLSTM_pytorch's cell, over two frames."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.conv = nn.Conv2d(input_dim + hidden_dim, 4 * hidden_dim, 3, padding=1)

    def forward(self, frames: Tensor) -> Tensor:
        b, t, _, height, width = frames.size()
        h_cur = frames.new_zeros(b, self.hidden_dim, height, width)
        c_cur = torch.zeros_like(h_cur)
        for step in range(t):
            combined_conv = self.conv(torch.cat([frames[:, step], h_cur], dim=1))
            cc_i, cc_f, cc_o, cc_g = torch.split(combined_conv, self.hidden_dim, dim=1)
            i, f, o = torch.sigmoid(cc_i), torch.sigmoid(cc_f), torch.sigmoid(cc_o)
            c_cur = f * c_cur + i * torch.tanh(cc_g)
            h_cur = o * torch.tanh(c_cur)
        return h_cur


@published(FAMILY)
def convolutional_lstm() -> Case:
    return Case(ConvLSTMCell(1, 2), torch.rand(1, 2, 1, 5, 5), torch.rand(1, 2, 5, 5), F.mse_loss)


class WordLanguageModel(nn.Module):
    """pytorch/examples' word_language_model with tied weights, a plain RNN."""

    def __init__(self, ntoken: int, nhid: int) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.encoder = nn.Embedding(ntoken, nhid)
        self.rnn = nn.RNN(nhid, nhid, 1, nonlinearity="tanh")
        self.decoder = nn.Linear(nhid, ntoken)
        self.decoder.weight = self.encoder.weight
        self.ntoken = ntoken
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)

    def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        emb = self.drop(self.encoder(x))
        output, hidden = self.rnn(emb, hidden)
        decoded = self.decoder(self.drop(output))
        decoded = decoded.view(-1, self.ntoken)
        return F.log_softmax(decoded, dim=1), hidden


@published(FAMILY)
def word_language_model() -> Case:
    text = torch.tensor([[1, 4], [0, 3], [5, 2]])
    example = (text, torch.zeros(1, 2, 6))
    targets = torch.tensor([[0, 3], [5, 2], [1, 1]]).view(-1)
    return Case(WordLanguageModel(7, 6), example, targets, F.nll_loss, output=0)


class TemporalBlock(nn.Module):
    """locuslab/TCN's block: causal by padding both sides and chomping one."""

    def __init__(self, n_in: int, n_out: int, dilation: int) -> None:
        super().__init__()
        self.padding = dilation
        self.conv1 = nn.Conv1d(n_in, n_out, 2, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv1d(n_out, n_out, 2, padding=dilation, dilation=dilation)
        self.downsample = nn.Conv1d(n_in, n_out, 1) if n_in != n_out else None

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.conv1(x)[:, :, : -self.padding].contiguous())
        out = F.relu(self.conv2(out)[:, :, : -self.padding].contiguous())
        res = x if self.downsample is None else self.downsample(x)
        return F.relu(out + res)


@published(FAMILY)
def temporal_convolution() -> Case:
    model = nn.Sequential(TemporalBlock(2, 4, 1), TemporalBlock(4, 4, 2))
    return Case(model, torch.randn(1, 2, 8), torch.randn(1, 4, 8), F.l1_loss)
